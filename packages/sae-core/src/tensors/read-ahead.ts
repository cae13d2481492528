import type { ByteSource } from '@saeval/hub'

const block = 4096
const kept = 16

/**
 * The same file, where a short read over HTTP fetches a few kilobytes and the next ones are answered from them: headers are read in
 * many small steps, and single numbers of latents lie close together.
 */
export function readAhead(source: ByteSource): ByteSource {
  let blocks: { readonly offset: number; readonly length: number; readonly bytes: Promise<Uint8Array> }[] = []
  return {
    name: source.name,
    byteLength: source.byteLength,
    get seekCost() {
      return source.seekCost
    },
    read: async (offset, length) => {
      if (length > block || source.seekCost <= block) return source.read(offset, length)
      const known = blocks.find((entry) => entry.offset <= offset && offset + length <= entry.offset + entry.length)
      if (known) return (await known.bytes).slice(offset - known.offset, offset - known.offset + length)
      // a read that leaves the file fails here, with the source's own message
      const size = Math.max(length, Math.min(block, source.byteLength - offset))
      const entry = { offset, length: size, bytes: source.read(offset, size) }
      blocks = [...blocks, entry].slice(-kept)
      try {
        return (await entry.bytes).slice(0, length)
      } catch (error) {
        blocks = blocks.filter((item) => item !== entry)
        throw error
      }
    },
    fetchWhole: () => source.fetchWhole(),
    close: () => source.close(),
  }
}
