import { randomBytes } from 'node:crypto'
import { readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { InputError } from './input-error.js'

/** What a process that was killed while it wrote leaves: name.0123456789ab.tmp. */
const leftover = /\.[0-9a-f]{12}\.tmp$/
const longestWrite = 3_600_000

/**
 * Writes files that belong together into folders that exist: all under temporary names first, then all get their own; where that fails none is
 * left. It happens in one turn of the event loop, so that nothing in this process, a second Ctrl-C say, can come between. Temporary files
 * that killed processes left in the folders over an hour ago are removed. Throws InputError naming the file that cannot be written.
 */
export function writeFiles(files: readonly (readonly [path: string, content: string | Uint8Array])[]): void {
  const suffix = `.${randomBytes(6).toString('hex')}.tmp`
  const written: string[] = []
  let current = ''
  try {
    for (const [path, content] of files) {
      current = path
      written.push(path + suffix)
      writeFileSync(path + suffix, content)
    }
    for (const [path] of files) {
      current = path
      renameSync(path + suffix, path)
      written.push(path)
    }
  } catch (cause) {
    for (const path of written) rmSync(path, { force: true })
    throw new InputError(`cannot write ${current} (${(cause as NodeJS.ErrnoException).code})`, { cause })
  }
  for (const folder of new Set(files.map(([path]) => dirname(path)))) removeLeftovers(folder)
}

function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder).filter((file) => leftover.test(file))) {
    const path = join(folder, name)
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY)
    if (age > longestWrite) rmSync(path, { force: true })
  }
}
