// Python's memory right after its start, as bytes to keep: the SHA-256 of all that follows, the memory's length, a bit for each page that
// holds anything but zeros, those pages. Half of the pages are zeros.
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'

const page = 4096
const head = 40

/** The bytes to keep of a memory. */
export function packed(memory) {
  const count = Math.ceil(memory.length / page)
  const bits = new Uint8Array(Math.ceil(count / 8))
  const zeros = Buffer.alloc(page)
  const parts = [bits]
  for (let at = 0; at < count; at++) {
    const part = memory.subarray(at * page, (at + 1) * page)
    if (zeros.compare(part, 0, part.length, 0, part.length) === 0) continue
    bits[at >> 3] |= 1 << (at & 7)
    parts.push(part)
  }
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(memory.length))
  const body = Buffer.concat([length, ...parts])
  return Buffer.concat([digest(body), body])
}

/** The memory that was kept; null where these are not the bytes that `packed` gave. `allocate` makes a memory of so many bytes. */
export function unpacked(bytes, allocate) {
  if (bytes.length < head || !digest(bytes.subarray(32)).equals(bytes.subarray(0, 32))) return null
  const memory = allocate(Number(bytes.readBigUInt64LE(32)))
  const count = Math.ceil(memory.length / page)
  const bits = bytes.subarray(head, head + Math.ceil(count / 8))
  let from = head + bits.length
  for (let at = 0; at < count; at++) {
    if ((bits[at >> 3] & (1 << (at & 7))) === 0) continue
    const part = bytes.subarray(from, from + Math.min(page, memory.length - at * page))
    memory.set(part, at * page)
    from += part.length
  }
  return memory
}

function digest(bytes) {
  return createHash('sha256').update(bytes).digest()
}
