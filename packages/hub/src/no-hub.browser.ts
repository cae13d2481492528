import { exists, join, resolve } from '#disk'
import type { ByteSource } from './byte-source.js'
import { folderFiles, isFolderWith, type ModelFiles } from './folder-files.js'
import type { HubOptions } from './hub-settings.js'
import { InputError } from './input-error.js'
import { openLocalFile } from './local-file.js'
import type { Repository, RepositoryType } from './repository.js'

// A page makes no requests of its own: of repositories it has the files that it was given below their names, and others are refused by name.

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

/** A repository of which the page was given files. Throws InputError for any other. */
export async function resolveRepository({
  type,
  name,
  revision = 'main',
}: {
  readonly type: RepositoryType
  readonly name: string
  readonly revision?: string
}): Promise<Repository> {
  if (!exists(name)) throw notHere(name)
  return { type, name, revision, commit: '', folder: resolve(name), snapshotFolder: resolve(name) }
}

/** Path of a file of a repository. Throws InputError where the page was not given it. */
export async function repositoryFile(repository: Repository, path: string): Promise<string> {
  const found = await repositoryFileIfPresent(repository, path)
  if (found === null) throw notHere(`${repository.name}/${path}`)
  return found
}

/** The same, but null where the page was not given it. */
export async function repositoryFileIfPresent({ snapshotFolder }: Repository, path: string): Promise<string | null> {
  const file = join(snapshotFolder, path)
  return exists(file) ? file : null
}

/** A file of a repository, for reading in parts. Throws InputError where the page was not given it. */
export async function openRepositoryFile(repository: Repository, path: string): Promise<ByteSource> {
  return openLocalFile(await repositoryFile(repository, path))
}

function notHere(name: string): InputError {
  return new InputError(`${name} is not among this page's files, and the page loads nothing from elsewhere`)
}
