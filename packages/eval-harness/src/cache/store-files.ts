import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { readFrames } from './frames.js'

// <time it was begun, base 36>-<random>.kept; .old.kept while it is merged into another
const pattern = /^[0-9a-z]{9}-[0-9a-f]{12}(\.old)?\.kept$/
const unfinished = /^[0-9a-z]{9}-[0-9a-f]{12}\.kept\.tmp$/
/** So many files are read as they are. */
const mostFiles = 64
/** A file that nobody has written to for so long is merged, milliseconds. */
const quiet = 3_600_000

/** A file of a store. */
export interface StoreFile {
  readonly name: string
  readonly bytes: number
}

/** The files of a store in the order in which they were begun. */
export function storeFiles(folder: string): StoreFile[] {
  return readdirSync(folder)
    .filter((name) => pattern.test(name))
    .sort()
    .flatMap((name) => {
      const found = statSync(join(folder, name), { throwIfNoEntry: false })
      return found?.isFile() ? [{ name, bytes: found.size }] : []
    })
}

/** A name that no other file of a store has. */
export function newFileName(begun = Date.now().toString(36).padStart(9, '0')): string {
  return `${begun}-${randomBytes(6).toString('hex')}.kept`
}

/** Calls `read` with an open file. */
export function withFile<Result>(path: string, read: (descriptor: number) => Result): Result {
  const descriptor = openSync(path, 'r')
  try {
    return read(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Puts the whole frames of damaged files, and of many that are quiet, into one file. `own` is a file that was made just now. Gives whether any file
 * is another one now.
 *
 * Other processes may read these files, and append to them: a file is renamed before it is read, and whoever appends looks afterwards whether
 * the file is still there by its name. So what was appended is in the merged file, or is appended again.
 */
export function tidyFiles(folder: string, own: string, damaged: ReadonlySet<string>): boolean {
  const isQuiet = quietSince(statSync(join(folder, own)).mtimeMs)
  for (const name of readdirSync(folder))
    if (unfinished.test(name) && isQuiet(join(folder, name))) rmSync(join(folder, name), { force: true })
  const files = storeFiles(folder).filter(({ name }) => name !== own)
  const isMany = files.length > mostFiles
  const merged = files.filter(({ name }) => damaged.has(name) || (isMany && isQuiet(join(folder, name))))
  const taken = merged.flatMap(({ name }) => takeAside(folder, name) ?? [])
  if (taken.length === 0) return false
  // it is as young as the youngest of them
  const target = join(folder, newFileName(taken.at(-1)!.split('-')[0]))
  const aside = `${target}.tmp`
  try {
    const output = openSync(aside, 'wx')
    try {
      for (const name of taken)
        withFile(join(folder, name), (file) => {
          readFrames(file, 0, fstatSync(file).size, (frame) => writeFully(output, frame))
        })
      fsyncSync(output)
    } finally {
      closeSync(output)
    }
    renameSync(aside, target)
  } catch (cause) {
    rmSync(aside, { force: true })
    throw cause
  }
  for (const name of taken) rmSync(join(folder, name), { force: true })
  return true
}

function quietSince(now: number): (path: string) => boolean {
  return (path) => now - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now) > quiet
}

/** The name that a file has now; null where it cannot be renamed: another process has it, or another user. */
function takeAside(folder: string, name: string): string | null {
  const aside = name.replace(/(\.old)?\.kept$/, '.old.kept')
  try {
    renameSync(join(folder, name), join(folder, aside))
    return aside
  } catch {
    return null
  }
}

/** Appends all bytes. */
export function writeFully(descriptor: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
}
