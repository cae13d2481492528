import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs'

// LMDB's file begins with two pages that describe it (mdb.c, MDB_meta), of which the one with the greater transaction counts
const magic = 0xbeefc0de
const version = 2
const at = { magic: 24, version: 28, pageSize: 48, lastPage: 144, transaction: 152 } as const
const metaBytes = 160
/** Pages at the end that hold nothing may never have been written; one transaction leaves few. */
const unwrittenPages = 16

/**
 * Whether a file cannot be a whole LMDB database of the version that is read: another file, or one that has lost its end. LMDB itself would
 * end the process there. Damage within the file is not found.
 */
export function isDamagedDatabase(path: string): boolean {
  if (!existsSync(path)) return false
  const descriptor = openSync(path, 'r')
  try {
    const meta = (position: number) => {
      const bytes = Buffer.alloc(metaBytes)
      const isWhole = readSync(descriptor, bytes, 0, metaBytes, position) === metaBytes
      return isWhole && bytes.readUInt32LE(at.magic) === magic && bytes.readUInt32LE(at.version) === version
        ? bytes
        : null
    }
    // LMDB begins a database in an empty file
    if (fstatSync(descriptor).size === 0) return false
    const first = meta(0)
    const second = first && meta(first.readUInt32LE(at.pageSize))
    if (!first || !second) return true
    const isFirst = first.readBigUInt64LE(at.transaction) > second.readBigUInt64LE(at.transaction)
    const lastPage = (isFirst ? first : second).readBigUInt64LE(at.lastPage)
    const leastPages = Number(lastPage) + 1 - unwrittenPages
    return fstatSync(descriptor).size < leastPages * first.readUInt32LE(at.pageSize)
  } finally {
    closeSync(descriptor)
  }
}
