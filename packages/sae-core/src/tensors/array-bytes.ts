import type { ByteSource } from '@saeval/hub'

/** Where the bytes of one stored array lie. */
export type ArrayBytes = DirectBytes | SequentialBytes

/** A stretch of a file. */
export interface DirectBytes {
  readonly kind: 'direct'
  readonly source: ByteSource
  /** Position of the first byte in the file. */
  readonly offset: number
}

/** A compressed stretch: reading any part means decompressing everything before it. */
export interface SequentialBytes {
  readonly kind: 'sequential'
  readonly source: ByteSource
  /** The decompressed bytes from `offset` on. */
  stream(offset: number): AsyncIterable<Uint8Array>
}

/** The bytes after the first `skipped`. */
export function bytesFrom(bytes: ArrayBytes, skipped: number): ArrayBytes {
  return bytes.kind === 'direct'
    ? { ...bytes, offset: bytes.offset + skipped }
    : { ...bytes, stream: (offset) => bytes.stream(offset + skipped) }
}

/** A part of a file or of an array. */
export interface Part {
  readonly offset: number
  readonly length: number
}

// a merged read is held in memory while its parts are copied out
const longestRead = 2 ** 23
const readsAtOnce = 8
// a file in the cache serves the next latents and the next runs too, so parts have to be this many times quicker
const downloadBonus = 2

/**
 * The parts of an array one after the other, in the order asked for. Parts that lie close to each other are read together; where
 * scattered reads over HTTP would take half as long as the whole file or more, that is downloaded into the cache first.
 */
export async function readParts(bytes: ArrayBytes, parts: readonly Part[]): Promise<Uint8Array> {
  const targets: number[] = []
  let total = 0
  for (const { length } of parts) {
    targets.push(total)
    total += length
  }
  const result = new Uint8Array(total)
  const order = parts.map((_, index) => index).sort((a, b) => parts[a]!.offset - parts[b]!.offset)
  const copy = (index: number, from: Uint8Array, start: number) => {
    const { offset, length } = parts[index]!
    result.set(from.subarray(offset - start, offset - start + length), targets[index]!)
  }

  if (bytes.kind === 'sequential') {
    await bytes.source.fetchWhole()
    await copyFromStream(bytes, parts, order, copy)
    return result
  }
  const { source } = bytes
  let spans = merged(parts, order, source.seekCost)
  const cost = spans.reduce((sum, { start, end }) => sum + source.seekCost + end - start, 0)
  if (cost * downloadBonus > source.byteLength && cost > 4 * source.seekCost) {
    await source.fetchWhole()
    spans = merged(parts, order, source.seekCost)
  }
  for (let first = 0; first < spans.length; first += readsAtOnce) {
    await Promise.all(
      spans.slice(first, first + readsAtOnce).map(async ({ start, end, members }) => {
        const read = await source.read(bytes.offset + start, end - start)
        for (const index of members) copy(index, read, start)
      }),
    )
  }
  return result
}

interface Span {
  readonly start: number
  end: number
  readonly members: number[]
}

/** Parts in order of their place, joined where reading the gap costs less than another read. */
function merged(parts: readonly Part[], order: readonly number[], gap: number): Span[] {
  const spans: Span[] = []
  for (const index of order) {
    const { offset, length } = parts[index]!
    const last = spans.at(-1)
    const end = offset + length
    if (last && offset - last.end <= gap && Math.max(end, last.end) - last.start <= longestRead) {
      last.end = Math.max(last.end, end)
      last.members.push(index)
    } else {
      spans.push({ start: offset, end, members: [index] })
    }
  }
  return spans
}

/** One pass over a compressed array; a part may reach over several chunks. */
async function copyFromStream(
  bytes: SequentialBytes,
  parts: readonly Part[],
  order: readonly number[],
  copy: (index: number, from: Uint8Array, start: number) => void,
): Promise<void> {
  if (order.length === 0) return
  const start = parts[order[0]!]!.offset
  let held: Uint8Array = new Uint8Array(0)
  let heldStart = start
  let next = 0
  for await (const chunk of bytes.stream(start)) {
    held = held.length === 0 ? chunk : joined(held, chunk)
    const end = heldStart + held.length
    for (; next < order.length; next++) {
      const { offset, length } = parts[order[next]!]!
      if (offset + length > end) break
      copy(order[next]!, held, heldStart)
    }
    if (next === order.length) return
    const keepFrom = Math.min(parts[order[next]!]!.offset, end)
    held = held.slice(keepFrom - heldStart)
    heldStart = keepFrom
  }
  throw new Error(`${bytes.source.name}: an array is shorter than its header says`)
}

/** Two stretches of bytes as one. */
export function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(a.length + b.length)
  bytes.set(a)
  bytes.set(b, a.length)
  return bytes
}
