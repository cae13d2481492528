import { type ByteSource, InputError } from '@saeval/hub'
import { Inflate } from 'fflate'
import type { ZipMember } from './zip-directory.js'

const piece = 2 ** 18

/** The bytes of a deflated member. There is no random access in deflate: reading starts from the beginning every time. */
export function inflatedBytes(source: ByteSource, member: ZipMember) {
  const damaged = (what: string, cause?: unknown) =>
    new InputError(`member ${member.name} of ${source.name} ${what}; download the file again`, { cause })

  async function* chunks(): AsyncGenerator<Uint8Array> {
    const ready: Uint8Array[] = []
    const inflate = new Inflate((chunk) => ready.push(chunk))
    let produced = 0
    for (let at = 0; at < member.compressedLength; at += piece) {
      const length = Math.min(piece, member.compressedLength - at)
      try {
        inflate.push(await source.read(member.offset + at, length), at + length === member.compressedLength)
      } catch (cause) {
        if (InputError.isInstance(cause)) throw cause
        throw damaged('cannot be decompressed', cause)
      }
      for (const chunk of ready.splice(0)) {
        produced += chunk.length
        // a small file must not unfold into more than it promised
        if (produced > member.length) throw damaged('is longer than its directory says')
        yield chunk
      }
    }
    if (produced !== member.length) throw damaged('is shorter than its directory says')
  }

  async function* stream(from: number): AsyncGenerator<Uint8Array> {
    let at = 0
    for await (const chunk of chunks()) {
      if (at + chunk.length > from) yield chunk.subarray(Math.max(0, from - at))
      at += chunk.length
    }
  }

  return {
    stream,
    read: async (offset: number, length: number): Promise<Uint8Array> => {
      const bytes = new Uint8Array(length)
      let filled = 0
      for await (const chunk of stream(offset)) {
        const part = chunk.subarray(0, length - filled)
        bytes.set(part, filled)
        filled += part.length
        if (filled === length) break
      }
      if (filled < length) throw damaged('ends too early')
      return bytes
    },
  }
}
