import { exists, fileState, join } from '#disk'
import { InputError } from './input-error.js'
import type { Repository } from './repository.js'

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

/** Whether there is a folder that holds one of these files. */
export function isFolderWith(folder: string, markers: readonly string[]): boolean {
  return markers.some((marker) => exists(join(folder, marker)))
}

/** The files of a folder; `name` is the one that messages have. */
export function folderFiles(folder: string, name: string): ModelFiles {
  const pathIfPresent = async (file: string) => {
    const path = join(folder, file)
    return exists(path) && (await fileState(path)).isFile() ? path : null
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
