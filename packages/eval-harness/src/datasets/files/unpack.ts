import { promisify } from 'node:util'
import { brotliDecompressSync, gunzip, gunzipSync } from 'node:zlib'
import { unzipSync } from 'fflate'
import { Decompress } from 'fzstd'
import type { Compressors } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'

/** JavaScript has no longer texts; no file that is read whole may have more bytes. */
export const longestText = 2 ** 29 - 24

// what data files in use become stays below a tenth of this
const mostTimes = 100
const always = 2 ** 24

/** How many bytes may come out of so many compressed ones. */
export function mostUnpacked(compressed: number): number {
  return Math.max(always, mostTimes * compressed)
}

/** Packed bytes that become, or say that they become, more than is taken. */
export class TooMuch extends Error {
  constructor() {
    super(
      `unpacks to more than ${mostTimes} times its size; where that is meant unpack it yourself, else it is damaged: download it again`,
    )
  }
}

/** The contents of a gzip file. Throws TooMuch, and Error for one that is not whole. */
export async function gunzipped(bytes: Uint8Array): Promise<Uint8Array> {
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: mostUnpacked(bytes.length) })
  } catch (cause) {
    throw (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? new TooMuch() : cause
  }
}

/** The members of a zip archive by name, of those that `wanted` takes. Throws TooMuch, and Error for one that is not whole. */
export function unzipped(bytes: Uint8Array, wanted: (name: string) => boolean): Readonly<Record<string, Uint8Array>> {
  let size = 0
  return unzipSync(bytes, {
    filter: ({ name, originalSize }) => {
      if (!wanted(name)) return false
      size += originalSize
      if (size > mostUnpacked(bytes.length)) throw new TooMuch()
      return true
    },
  })
}

/** Contents of zstd frames. Throws TooMuch for more than `most` bytes, and Error for frames that are not whole. */
export function unzstd(bytes: Uint8Array, most = mostUnpacked(bytes.length)): Uint8Array {
  refuseWindows(bytes, most)
  const parts: Uint8Array[] = []
  let size = 0
  const stream = new Decompress((part) => {
    size += part.length
    if (size > most) throw new TooMuch()
    // the stream writes over what it has given
    parts.push(part.slice())
  })
  const step = 2 ** 16
  for (let at = 0; at === 0 || at < bytes.length; at += step)
    stream.push(bytes.subarray(at, at + step), at + step >= bytes.length)
  return Buffer.concat(parts)
}

/** What frames need at once by their headers, which the stream takes before it looks further; zstd's own program takes up to 128 MiB, too. */
function refuseWindows(bytes: Uint8Array, most: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at + 6 <= bytes.length; ) {
    if (view.getUint32(at, true) !== 0xfd2fb528) {
      // a frame to be skipped, or nothing that the stream takes
      at += at + 8 <= bytes.length ? 8 + view.getUint32(at + 4, true) : 8
      continue
    }
    const descriptor = view.getUint8(at + 4)
    const single = (descriptor & 0x20) !== 0
    const [log, eighths] = [view.getUint8(at + 5) >> 3, view.getUint8(at + 5) & 7]
    if (!single && 2 ** (10 + log) * (1 + eighths / 8) > 2 ** 27) throw new TooMuch()
    const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6]!
    const sizeAt = at + 5 + (single ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!
    let size = 0
    for (let i = 0; i < sizeBytes; i++) size += (bytes[sizeAt + i] ?? 0) * 2 ** (8 * i)
    if (size > most) throw new TooMuch()
    at = sizeAt + sizeBytes
    for (let last = false; !last && at + 3 <= bytes.length; ) {
      const block = view.getUint16(at, true) + 65_536 * view.getUint8(at + 2)
      last = (block & 1) !== 0
      at += 3 + ((block & 6) === 2 ? 1 : block >> 3)
    }
    at += descriptor & 4
  }
}

const { SNAPPY, LZ4, LZ4_RAW } = compressors

/** What unpacks the pages of parquet files, to no more bytes than a page says. */
export const pageCompressors: Compressors = {
  SNAPPY: SNAPPY!,
  LZ4: LZ4!,
  LZ4_RAW: LZ4_RAW!,
  GZIP: (input, length) => gunzipSync(input, { maxOutputLength: Math.max(1, length) }),
  BROTLI: (input, length) => brotliDecompressSync(input, { maxOutputLength: Math.max(1, length) }),
  ZSTD: (input, length) => unzstd(input, length),
}
