import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { HubOptions } from './hub-settings.js'
import { InputError } from './input-error.js'
import { type Repository, resolveRepository } from './repository.js'
import { repositoryFile, repositoryFileIfPresent } from './repository-file.js'

/** The files of one model: a Hugging Face repository at one commit, or a local folder of the same layout. */
export interface ModelFiles {
  readonly name: string
  /** Branch, tag or commit asked for; "main" by default, "" for a folder. */
  readonly revision: string
  /** Commit the files come from; "" for a folder. */
  readonly commit: string
  /** null for a folder. */
  readonly repository: Repository | null
  /** Absolute path of a file; throws InputError when there is none. */
  path(file: string): Promise<string>
  pathIfPresent(file: string): Promise<string | null>
}

/** Opens a repository by name, or a folder that holds one of `markers`. */
export async function openFiles(
  name: string,
  revision: string | undefined,
  hub: HubOptions,
  markers: readonly [string, ...string[]],
): Promise<ModelFiles> {
  if (markers.some((marker) => existsSync(join(name, marker)))) {
    if (revision !== undefined)
      throw new InputError(`${name} is a local folder, so revision=${revision} cannot take effect`)
    return folderFiles(resolve(name), name)
  }
  if (!/^[\w.-]+\/[\w.-]+$/.test(name)) {
    throw new InputError(
      `"${name}" is neither a Hugging Face model name (like openai-community/gpt2) nor a folder with ${markers[0]}`,
    )
  }
  const repository = await resolveRepository({
    type: 'model',
    name,
    ...(revision === undefined ? {} : { revision }),
    ...hub,
  })
  return {
    name,
    revision: repository.revision,
    commit: repository.commit,
    repository,
    path: (file) => repositoryFile(repository, file, hub),
    pathIfPresent: (file) => repositoryFileIfPresent(repository, file, hub),
  }
}

function folderFiles(folder: string, name: string): ModelFiles {
  const pathIfPresent = async (file: string) => {
    const path = join(folder, file)
    return existsSync(path) && (await stat(path)).isFile() ? path : null
  }
  return {
    name,
    revision: '',
    commit: '',
    repository: null,
    pathIfPresent,
    path: async (file) => {
      const path = await pathIfPresent(file)
      if (path === null) throw new InputError(`${name} has no ${file}`)
      return path
    },
  }
}
