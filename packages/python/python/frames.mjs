// Frames on standard input and output: a number of parts, then each part's length and bytes; numbers are 32 bits, little-endian.
// src/pyodide/frames.ts is the other end.
import { Buffer } from 'node:buffer'
import { readSync, writeSync } from 'node:fs'

/** Waits for a frame; null where the other end is gone. */
export function receive() {
  const count = number()
  if (count === null) return null
  return Array.from({ length: count }, () => read(number() ?? 0))
}

/** Writes a frame. */
export function send(kind, bytes = new Uint8Array(0)) {
  const name = Buffer.from(kind)
  write(Buffer.concat([numbers(2, name.length), name, numbers(bytes.length), bytes]))
}

function numbers(...values) {
  return Buffer.from(Uint32Array.from(values).buffer)
}

function number() {
  const bytes = read(4)
  return bytes === null ? null : bytes.readUInt32LE()
}

function read(length) {
  const bytes = Buffer.allocUnsafe(length)
  for (let at = 0; at < length; ) {
    const more = readSync(0, bytes, at, length - at)
    if (more === 0) return null
    at += more
  }
  return bytes
}

function write(bytes) {
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at, bytes.length - at)
}
