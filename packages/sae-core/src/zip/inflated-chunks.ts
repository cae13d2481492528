import { type ByteSource, InputError } from '@saeval/hub'
import { Inflate } from 'fflate'
import type { ZipMember } from './zip-directory.js'

// deflate unfolds at most 1032 times: no more than 16 MiB come out of one piece
const piece = 2 ** 14

/**
 * The decompressed bytes of a member from position `from` on; `start` is where its compressed bytes lie. There is no random access in
 * deflate: reading starts from the beginning every time.
 */
export async function* inflatedChunks(
  source: ByteSource,
  member: ZipMember,
  start: number,
  from: number,
): AsyncGenerator<Uint8Array> {
  const damaged = (what: string, cause?: unknown) =>
    new InputError(`member ${member.name} of ${source.name} ${what}; download the file again`, { cause })
  const ready: Uint8Array[] = []
  const inflate = new Inflate((chunk) => ready.push(chunk))
  let produced = 0
  for (let at = 0; at < member.compressedLength; at += piece) {
    const length = Math.min(piece, member.compressedLength - at)
    const compressed = await source.read(start + at, length)
    try {
      inflate.push(compressed, at + length === member.compressedLength)
    } catch (cause) {
      throw damaged('cannot be decompressed', cause)
    }
    for (const chunk of ready.splice(0)) {
      const before = produced
      produced += chunk.length
      // a small file must not unfold into more than it promised
      if (produced > member.length) throw damaged('is longer than its directory says')
      if (produced > from) yield chunk.subarray(Math.max(0, from - before))
    }
  }
  if (produced !== member.length) throw damaged('is shorter than its directory says')
}
