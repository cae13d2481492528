import { readSync } from 'node:fs'
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib'

// A frame is what was put at once: magic, bytes of its entries, their CRC-32, and the CRC-32 of these twelve bytes; then the entries. An entry is a
// key of 32 bytes, the value's bytes (the highest bit tells a deflated one), and the value as JSON. Numbers are little-endian.
const magic = Buffer.from([0xff, 0x53, 0x4b, 0x01])
const headBytes = 16
const keyBytes = 32
const entryHeadBytes = keyBytes + 4
const deflated = 2 ** 31
/** Longer values are deflated. */
const plainBytes = 1024
const mostValueBytes = 2 ** 29

/** Entries as one frame; keys are sha256 in hex. Throws where a value is none that JSON holds. */
export function encodeFrame(entries: readonly (readonly [key: string, value: unknown])[]): Buffer {
  const parts = entries.flatMap(([key, value]) => {
    const text = Buffer.from(JSON.stringify(value))
    const isLong = text.length > plainBytes
    const bytes = isLong ? deflateRawSync(text, { level: 1 }) : text
    const head = Buffer.alloc(entryHeadBytes)
    head.write(key, 'hex')
    head.writeUInt32LE(bytes.length + (isLong ? deflated : 0), keyBytes)
    return [head, bytes]
  })
  const body = Buffer.concat(parts)
  const head = Buffer.alloc(headBytes)
  magic.copy(head)
  head.writeUInt32LE(body.length, 4)
  head.writeUInt32LE(crc32(body), 8)
  head.writeUInt32LE(crc32(head.subarray(0, 12)), 12)
  return Buffer.concat([head, body])
}

/** The first eight bytes of a key that begins here. */
export function shortKey(bytes: Buffer, at = 0): readonly [high: number, low: number] {
  return [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)]
}

/** Calls back with each entry of a whole frame: the first eight bytes of its key, where it stands in the frame, and its length. */
export function eachEntry(
  frame: Buffer,
  onEntry: (high: number, low: number, offset: number, bytes: number) => void,
): void {
  for (let at = headBytes; at + entryHeadBytes <= frame.length; ) {
    const bytes = entryHeadBytes + (frame.readUInt32LE(at + keyBytes) % deflated)
    if (at + bytes > frame.length) return
    onEntry(frame.readUInt32LE(at), frame.readUInt32LE(at + 4), at, bytes)
    at += bytes
  }
}

/** The value of an entry with this key; undefined where the bytes are no such entry. */
export function decodeEntry(entry: Buffer, key: string): unknown {
  if (entry.toString('hex', 0, keyBytes) !== key) return undefined
  try {
    const isLong = entry.readUInt32LE(keyBytes) >= deflated
    if (!isLong) return JSON.parse(entry.toString('utf8', entryHeadBytes))
    const text = inflateRawSync(entry.subarray(entryHeadBytes), { maxOutputLength: mostValueBytes })
    return JSON.parse(text.toString())
  } catch {
    return undefined
  }
}

/** How the reading of a file came out. */
export interface FramesRead {
  /** Where to go on when the file has grown: behind the last frame, or where one begins that is not whole. */
  readonly end: number
  /** Stretches that are no frames, but for the end. */
  readonly damaged: number
  /** Whether the end is less than a frame: of a process that was ended while it wrote, or that writes at this moment. */
  readonly isTorn: boolean
}

/** Calls back with each whole frame of the first `size` bytes of a file, from `position` on. */
export function readFrames(
  descriptor: number,
  position: number,
  size: number,
  onFrame: (frame: Buffer, position: number) => void,
): FramesRead {
  const view = fileWindow(descriptor, size, 2 ** 20)
  let at = position
  let damaged = 0
  while (at < size) {
    const length = size - at < headBytes ? headBytes : frameLength(view(at, headBytes))
    if (length === null) {
      damaged++
      at = nextHead(view, at + 1, size) ?? size
      continue
    }
    if (at + length > size) return { end: at, damaged, isTorn: true }
    const frame = view(at, length)
    if (frame.length < length) return { end: at, damaged, isTorn: true }
    if (crc32(frame.subarray(headBytes)) === frame.readUInt32LE(8)) onFrame(frame, at)
    else damaged++
    at += length
  }
  return { end: at, damaged, isTorn: false }
}

/** Bytes of the frame that begins with these; null where none does. */
function frameLength(head: Buffer): number | null {
  const isHead =
    head.length === headBytes &&
    head.compare(magic, 0, 4, 0, 4) === 0 &&
    crc32(head.subarray(0, 12)) === head.readUInt32LE(12)
  return isHead ? headBytes + head.readUInt32LE(4) : null
}

/** Gives bytes of a file, fewer where it ends; they are good until the next call. */
export type FileWindow = (at: number, bytes: number) => Buffer

/** Reads the first `size` bytes of a file in pieces of `piece` bytes, or more where more are asked for at once. */
export function fileWindow(descriptor: number, size: number, piece: number): FileWindow {
  let buffer = Buffer.alloc(piece)
  let start = 0
  let filled = 0
  return (at, bytes) => {
    const wanted = Math.max(0, Math.min(bytes, size - at))
    if (at < start || at + wanted > start + filled) {
      if (wanted > buffer.length) buffer = Buffer.alloc(wanted)
      start = at
      filled = readFully(descriptor, buffer, at, Math.min(buffer.length, size - at))
    }
    return buffer.subarray(at - start, Math.min(at - start + wanted, filled))
  }
}

/** Reads so many bytes, fewer where the file ends. */
function readFully(descriptor: number, buffer: Buffer, position: number, bytes: number): number {
  let filled = 0
  while (filled < bytes) {
    const more = readSync(descriptor, buffer, filled, bytes - filled, position + filled)
    if (more === 0) break
    filled += more
  }
  return filled
}

/** Where the next frame begins; null where none does. */
function nextHead(view: FileWindow, from: number, size: number): number | null {
  for (let at = from; at < size; ) {
    const piece = view(at, 2 ** 16)
    const found = piece.indexOf(magic)
    if (found < 0) at += Math.max(1, piece.length - magic.length + 1)
    else if (frameLength(view(at + found, headBytes)) !== null) return at + found
    else at += found + 1
  }
  return null
}
