import { type FileHandle, open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { openLocalFile, readSafetensorsIndex, type SafetensorsIndex } from '@saeval/hub'

/** A tensor of a file that saeval writes. */
export interface CheckedTensor {
  readonly name: string
  readonly dtype: 'U8' | 'F32'
  readonly shape: readonly number[]
}

/** How far the writing of a file has come, and what ends it. */
export interface WriteSteps {
  /** Bytes of tensors that are written. */
  readonly onProgress: (written: number, total: number) => void
  readonly signal: AbortSignal | undefined
}

/** What a file of weights holds: its tensors in order, notes for its header, and their bytes one after the other. */
export interface CheckedContent {
  readonly tensors: readonly CheckedTensor[]
  readonly metadata: Readonly<Record<string, string>>
  fill(append: (bytes: Uint8Array) => Promise<void>): Promise<void>
}

/** Writes a safetensors file with a checksum at `path`, which must not exist. */
export async function writeChecked(
  path: string,
  { tensors, metadata, fill }: CheckedContent,
  { onProgress, signal }: WriteSteps,
): Promise<void> {
  const header = (checksum: string) => headerBytes(tensors, { ...metadata, crc32: checksum })
  const total = tensors.reduce((sum, tensor) => sum + bytesOf(tensor), 0)
  const file = await open(path, 'wx')
  try {
    await writeAll(file, header('00000000'))
    let checksum = 0
    let written = 0
    await fill(async (bytes) => {
      signal?.throwIfAborted()
      await writeAll(file, bytes)
      checksum = crc32(bytes, checksum)
      written += bytes.length
      onProgress(written, total)
    })
    if (written !== total) throw new Error(`${path} got ${written} bytes of ${total}`)
    const finished = header(hex(checksum))
    await file.write(finished, 0, finished.length, 0)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** The index of such a file; null with a reason when it is not whole or lacks one of the tensors. Reads all of it. */
export async function readChecked(
  path: string,
  wanted: readonly CheckedTensor[],
): Promise<SafetensorsIndex | { readonly damage: string }> {
  const source = await openLocalFile(path)
  try {
    const index = await readSafetensorsIndex(source)
    let start = source.byteLength
    for (const { name, shape } of wanted) {
      const found = index.tensors.get(name)
      if (found?.shape.join() !== shape.join()) return { damage: `${name} is missing` }
      start = Math.min(start, found.offset)
    }
    let checksum = 0
    for (let at = start; at < source.byteLength; at += 2 ** 24)
      checksum = crc32(await source.read(at, Math.min(2 ** 24, source.byteLength - at)), checksum)
    return hex(checksum) === index.metadata.crc32 ? index : { damage: 'its checksum is wrong' }
  } catch (error) {
    return { damage: error instanceof Error ? error.message : String(error) }
  } finally {
    await source.close()
  }
}

function bytesOf({ dtype, shape }: CheckedTensor): number {
  return shape.reduce((product, size) => product * size, dtype === 'U8' ? 1 : 4)
}

/** The header, of the same length whatever the checksum. */
function headerBytes(tensors: readonly CheckedTensor[], metadata: Readonly<Record<string, string>>): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata }
  let offset = 0
  for (const tensor of tensors) {
    const end = offset + bytesOf(tensor)
    header[tensor.name] = { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [offset, end] }
    offset = end
  }
  const text = new TextEncoder().encode(JSON.stringify(header))
  const padded = Math.ceil((8 + text.length) / 64) * 64
  const bytes = new Uint8Array(padded).fill(0x20)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded - 8), true)
  bytes.set(text, 8)
  return bytes
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, '0')
}
