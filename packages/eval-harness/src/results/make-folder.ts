import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

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

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
