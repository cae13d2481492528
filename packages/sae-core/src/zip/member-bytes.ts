import type { ByteSource } from '@saeval/hub'
import type { ArrayBytes } from '../tensors/array-bytes.js'
import { inflatedChunks } from './inflated-chunks.js'
import { memberOffset, type ZipMember } from './zip-directory.js'

/** The bytes of one member of a zip archive from `offset` on, decompressed if need be. */
export async function memberBytes(source: ByteSource, member: ZipMember, offset = 0): Promise<ArrayBytes> {
  const start = await memberOffset(source, member)
  if (member.method === 0) return { kind: 'direct', source, offset: start + offset }
  return { kind: 'sequential', source, stream: (from) => inflatedChunks(source, member, start, offset + from) }
}

/** The first bytes of a member, at most `length`; cheap for compressed ones too. */
export async function memberStart(source: ByteSource, member: ZipMember, length: number): Promise<Uint8Array> {
  const wanted = Math.min(length, member.length)
  const bytes = await memberBytes(source, member)
  if (bytes.kind === 'direct') return source.read(bytes.offset, wanted)
  const start = new Uint8Array(wanted)
  let filled = 0
  for await (const chunk of bytes.stream(0)) {
    const part = chunk.subarray(0, wanted - filled)
    start.set(part, filled)
    filled += part.length
    if (filled === wanted) break
  }
  return start.subarray(0, filled)
}
