import { randomBytes } from 'node:crypto'
import { copyFileSync, existsSync, linkSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { writeError } from './write-error.js'

/** What a process that was killed while it wrote leaves: name.0123456789ab.tmp. */
const leftover = /\.[0-9a-f]{12}\.tmp$/
const longestWrite = 3_600_000

/**
 * Writes files that belong together into folders that exist: all under temporary names first, then all get their own; where that fails,
 * the folders are as they were. They appear in their order, should the process end meanwhile. Temporary files that killed processes left in the
 * folders over an hour ago are removed. Throws what `writeError` says.
 */
export function writeFiles(files: readonly (readonly [path: string, content: string | Uint8Array])[]): void {
  const [aside, before] = [temporarySuffix(), temporarySuffix()]
  const clear = () => {
    for (const [path] of files) for (const suffix of [aside, before]) rmSync(path + suffix, { force: true })
  }
  const placed: string[] = []
  let current = ''
  try {
    for (const [path, content] of files) {
      current = path
      writeFileSync(path + aside, content)
    }
    // old files have second names until all new ones stand in their places; one rename alone needs none
    for (const [path] of files.length > 1 ? files : []) {
      current = path
      if (existsSync(path)) nameToo(path, path + before)
    }
    for (const [path] of files) {
      current = path
      renameSync(path + aside, path)
      placed.push(path)
    }
  } catch (cause) {
    for (const path of placed) {
      if (existsSync(path + before)) renameSync(path + before, path)
      else rmSync(path)
    }
    clear()
    throw writeError(`cannot write ${current}`, cause, dirname(current))
  }
  clear()
  for (const folder of new Set(files.map(([path]) => dirname(path)))) removeLeftovers(folder)
}

function temporarySuffix(): string {
  return `.${randomBytes(6).toString('hex')}.tmp`
}

/** A second name for a file, or a copy of it on disks that know no second names. */
function nameToo(path: string, other: string): void {
  try {
    linkSync(path, other)
  } catch {
    copyFileSync(path, other)
  }
}

function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder).filter((file) => leftover.test(file))) {
    const path = join(folder, name)
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY)
    if (age > longestWrite) rmSync(path, { force: true })
  }
}
