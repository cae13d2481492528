import { type ByteSource, InputError } from '@saeval/hub'

/** A field of a protobuf message in a file. */
export interface PlacedField {
  readonly number: number
  /** Where the field begins, its value begins, and how long that is. */
  readonly start: number
  readonly offset: number
  readonly length: number
  bytes(): Promise<Uint8Array>
}

const windowBytes = 2 ** 18
// a tag and a length: two numbers of at most ten bytes
const headBytes = 20

/**
 * The fields of a message between two places of a file, which reads no more than their heads and what is asked for. Throws InputError for what is no
 * protobuf, or ends early.
 */
export async function* fieldsOf(source: ByteSource, from: number, to: number): AsyncGenerator<PlacedField> {
  let window = new Uint8Array()
  let windowAt = 0
  const part = async (offset: number, length: number): Promise<Uint8Array> => {
    if (offset < windowAt || offset + length > windowAt + window.length) {
      if (length > windowBytes) return source.read(offset, length)
      windowAt = offset
      window = new Uint8Array(await source.read(offset, Math.min(windowBytes, to - offset)))
    }
    return window.subarray(offset - windowAt, offset - windowAt + length)
  }
  const refuse = (): never => {
    throw new InputError(`${source.name} is damaged or incomplete, or no ONNX file: download or export it again`)
  }
  for (let start = from; start < to; ) {
    const head = await part(start, Math.min(headBytes, to - start))
    let at = 0
    const varint = (): number => {
      let value = 0
      for (let shift = 1; ; shift *= 128) {
        const byte = head[at++]
        if (byte === undefined || at > headBytes) return refuse()
        value += (byte & 127) * shift
        if (byte < 128) return value
      }
    }
    const tag = varint()
    const wire = tag % 8
    const before = at
    if (wire === 0) varint()
    const length = wire === 0 ? at - before : wire === 1 ? 8 : wire === 5 ? 4 : wire === 2 ? varint() : refuse()
    const offset = start + (wire === 2 ? at : before)
    if (offset + length > to || tag < 8) refuse()
    yield {
      number: Math.floor(tag / 8),
      start,
      offset,
      length,
      bytes: () => part(offset, length),
    }
    start = offset + length
  }
}
