import { resolve } from 'node:path'
import { folderFiles, isFolderWith, type ModelFiles } from './folder-files.js'
import type { HubOptions } from './hub-settings.js'
import { InputError } from './input-error.js'
import { resolveRepository } from './repository.js'
import { repositoryFile, repositoryFileIfPresent } from './repository-file.js'

/** Opens a repository by name, or a folder that holds one of `markers`. */
export async function openFiles(
  name: string,
  revision: string | undefined,
  hub: HubOptions,
  markers: readonly [string, ...string[]],
): Promise<ModelFiles> {
  if (isFolderWith(name, markers)) {
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
