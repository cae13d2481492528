// Loaded before saeval as full-disk.mjs?folder=…&bytes=…: below the folder a write fails with ENOSPC once so many bytes are written, after what still had
// room.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { resolve, sep } from 'node:path'

const asked = new URL(import.meta.url).searchParams
const folder = asked.get('folder') + sep
let left = Number(asked.get('bytes'))
const { openSync, writeSync, writeFileSync } = fs
const watched = new Set()
const full = () =>
  Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', errno: -28, syscall: 'write' })

fs.openSync = (path, ...rest) => {
  const descriptor = openSync(path, ...rest)
  if (resolve(String(path)).startsWith(folder)) watched.add(descriptor)
  else watched.delete(descriptor)
  return descriptor
}
fs.writeSync = (descriptor, data, ...rest) => {
  if (!watched.has(descriptor)) return writeSync(descriptor, data, ...rest)
  // of text the next argument is a place in the file
  const from = typeof data === 'string' ? 0 : (rest[0] ?? 0)
  const bytes = (typeof data === 'string' ? Buffer.from(data) : data).subarray(from, from + left)
  if (bytes.length === 0) throw full()
  left -= bytes.length
  return writeSync(descriptor, bytes)
}
fs.writeFileSync = (path, data, ...rest) => {
  if (!resolve(String(path)).startsWith(folder)) return writeFileSync(path, data, ...rest)
  const bytes = Buffer.from(data)
  const part = bytes.subarray(0, left)
  left -= part.length
  writeFileSync(path, part, ...rest)
  if (part.length < bytes.length) throw full()
}
syncBuiltinESMExports()
