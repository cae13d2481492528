import { resolve } from '#disk'
import type { ByteSource } from './byte-source.js'
import { folderFiles, isFolderWith, type ModelFiles } from './folder-files.js'
import type { HubOptions } from './hub-settings.js'
import { InputError } from './input-error.js'
import type { Repository } from './repository.js'

// A page makes no requests of its own: repositories are refused by name.

/** Opens a folder that holds one of `markers`, among the files that the page was given. Throws InputError for anything else. */
export async function openFiles(
  name: string,
  _revision: string | undefined,
  _hub: HubOptions,
  markers: readonly [string, ...string[]],
): Promise<ModelFiles> {
  if (isFolderWith(name, markers)) return folderFiles(resolve(name), name)
  throw notHere(name)
}

/** Throws InputError: there is no hub. */
export async function resolveRepository({ name }: { readonly name: string }): Promise<Repository> {
  throw notHere(name)
}

/** Throws InputError: there is no hub. */
export async function repositoryFile({ name }: Repository): Promise<string> {
  throw notHere(name)
}

/** Throws InputError: there is no hub. */
export async function repositoryFileIfPresent({ name }: Repository): Promise<string | null> {
  throw notHere(name)
}

/** Throws InputError: there is no hub. */
export async function openRepositoryFile({ name }: Repository): Promise<ByteSource> {
  throw notHere(name)
}

function notHere(name: string): InputError {
  return new InputError(`${name} is none of this page's folders, and the page loads nothing from elsewhere`)
}
