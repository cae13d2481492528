import { randomBytes } from 'node:crypto'
import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What a disk's clock says now, in milliseconds: the time that it gives a file that is written at this moment. Hosts that share the disk may have
 * other times; files' times are to be compared with this one only.
 */
export function diskTime(folder: string): number {
  const path = join(folder, `.now.${randomBytes(6).toString('hex')}.tmp`)
  try {
    writeBytes(path, 'wx', 'now')
    return statSync(path).mtimeMs
  } finally {
    rmSync(path, { force: true })
  }
}

/** Writes bytes to the beginning of a file, so that the disk gives it its time: a network disk's server when the file is closed. `flags` are those of open. */
export function writeBytes(path: string, flags: 'wx' | 'r+', bytes: string): void {
  const descriptor = openSync(path, flags)
  try {
    writeSync(descriptor, bytes, 0)
  } finally {
    closeSync(descriptor)
  }
}
