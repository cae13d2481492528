import { accessSync, constants, mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Said, sentence } from './sentence.js'
import { writeError } from './write-error.js'

/** mkdir -p. Node's own `recursive` never returns for some folders that nothing can be made in, such as /proc. */
export function makeFolder(folder: string): void {
  if (isFolder(folder)) return
  makeFolder(dirname(folder))
  try {
    mkdirSync(folder)
  } catch (error) {
    // another process may have made it meanwhile
    if (!isFolder(folder)) throw error
  }
}

/** Makes a folder that files can be written into. Throws what `writeError` says, beginning with `name`, the option and its value. */
export function makeWritableFolder(name: Said, folder: string): void {
  try {
    makeFolder(resolve(folder))
    accessSync(folder, constants.W_OK)
  } catch (cause) {
    throw writeError(sentence`${name}: cannot write into ${folder}`, cause)
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
