import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { decodeFloats, openLocalFile, readSafetensorsIndex } from '@saeval/hub'
import type { StoredTensor } from '../weights/checkpoint.js'
import { fileIdentity } from '../weights/file-identity.js'
import type { StoredWeights } from '../weights/model-weights.js'
import type { NeededMatrix } from './needed-matrices.js'
import { type Bits, blockSize, blocks, codeBytes, quantizeRows } from './quantize-rows.js'

/** Raised with every change of the file's layout or of how numbers are rounded. */
const version = 1

/** What a file of quantised weights holds: the matrices of one model. */
export interface QuantizedContent {
  readonly modelName: string
  readonly bits: Bits
  readonly matrices: readonly NeededMatrix[]
  readonly weights: StoredWeights
}

interface Steps {
  /** Bytes of matrices that are written. */
  readonly onProgress: (written: number, total: number) => void
  readonly signal: AbortSignal | undefined
}

// numbers that are rounded at a time, 8 MB of float32
const numbersAtOnce = 2 ** 21

/** Names the content by what it is made from: the weights files, the matrices, the kind of rounding. */
export async function contentKey({ bits, matrices, weights }: QuantizedContent): Promise<string> {
  const locations = new Set(matrices.map(({ weight }) => weights.tensor(weight).location))
  const files = await Promise.all([...locations].sort().map((location) => fileIdentity(join(weights.folder, location))))
  return createHash('sha256')
    .update(JSON.stringify([version, bits, blockSize, files, matrices]))
    .digest('hex')
    .slice(0, 16)
}

/** Rounds the matrices, one part after the other, into a safetensors file at `path`, which must not exist. */
export async function writeQuantized(path: string, content: QuantizedContent, steps: Steps): Promise<void> {
  const header = (checksum: string) => headerBytes(content, checksum)
  const total = content.matrices.reduce((sum, matrix) => sum + sizes(matrix, content.bits).bytes, 0)
  const file = await open(path, 'wx')
  try {
    await writeAll(file, header('00000000'))
    let checksum = 0
    let written = 0
    const append = async (bytes: Uint8Array) => {
      steps.signal?.throwIfAborted()
      await writeAll(file, bytes)
      checksum = crc32(bytes, checksum)
      written += bytes.length
      steps.onProgress(written, total)
    }
    for (const matrix of content.matrices) {
      const scales: Float32Array[] = []
      for await (const rows of readRows(content.weights, matrix)) {
        const part = quantizeRows(rows, matrix.inFeatures, content.bits)
        await append(part.codes)
        scales.push(part.scales)
      }
      for (const part of scales) await append(new Uint8Array(part.buffer))
    }
    const finished = header(hex(checksum))
    await file.write(finished, 0, finished.length, 0)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Where the matrices lie in a file; null with a reason when it is not whole. Reads all of it. */
export async function readQuantized(
  path: string,
  { matrices, bits }: QuantizedContent,
): Promise<{ readonly tensors: ReadonlyMap<string, StoredTensor> } | { readonly damage: string }> {
  const source = await openLocalFile(path)
  try {
    const { tensors, metadata } = await readSafetensorsIndex(source)
    const places = new Map<string, StoredTensor>()
    let start = source.byteLength
    for (const matrix of matrices) {
      for (const [name, wanted] of Object.entries(sizes(matrix, bits).tensors)) {
        const found = tensors.get(name)
        if (found?.shape.join() !== wanted.shape.join()) return { damage: `${name} is missing` }
        const type = wanted.dtype === 'U8' ? 'uint8' : 'float32'
        places.set(name, { ...found, shape: wanted.shape, type, location: basename(path) })
        start = Math.min(start, found.offset)
      }
    }
    let checksum = 0
    for (let at = start; at < source.byteLength; at += 2 ** 24)
      checksum = crc32(await source.read(at, Math.min(2 ** 24, source.byteLength - at)), checksum)
    return hex(checksum) === metadata.crc32 ? { tensors: places } : { damage: 'its checksum is wrong' }
  } catch (error) {
    return { damage: error instanceof Error ? error.message : String(error) }
  } finally {
    await source.close()
  }
}

function sizes({ weight, inFeatures, outFeatures }: NeededMatrix, bits: Bits) {
  const codes = { dtype: 'U8', shape: [outFeatures, blocks(inFeatures), (blockSize * bits) / 8] }
  const scales = { dtype: 'F32', shape: [outFeatures * blocks(inFeatures)] }
  const bytes = outFeatures * (codeBytes(inFeatures, bits) + 4 * blocks(inFeatures))
  return { bytes, tensors: { [`${weight}.codes`]: codes, [`${weight}.scales`]: scales } }
}

/** The header, of the same length whatever the checksum. */
function headerBytes({ modelName, bits, matrices }: QuantizedContent, checksum: string): Uint8Array {
  const header: Record<string, unknown> = {
    __metadata__: { saeval: String(version), model: modelName, dtype: `int${bits}`, crc32: checksum },
  }
  let offset = 0
  for (const matrix of matrices) {
    for (const [name, { dtype, shape }] of Object.entries(sizes(matrix, bits).tensors)) {
      const end = offset + shape.reduce((product, size) => product * size, dtype === 'U8' ? 1 : 4)
      header[name] = { dtype, shape, data_offsets: [offset, end] }
      offset = end
    }
  }
  const text = new TextEncoder().encode(JSON.stringify(header))
  const padded = Math.ceil((8 + text.length) / 64) * 64
  const bytes = new Uint8Array(padded).fill(0x20)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded - 8), true)
  bytes.set(text, 8)
  return bytes
}

/** A matrix as float32 rows [some, inFeatures], in order; a file's in_out matrix is read whole and turned. */
async function* readRows(weights: StoredWeights, matrix: NeededMatrix): AsyncGenerator<Float32Array> {
  const { weight, layout, inFeatures, outFeatures } = matrix
  const step = Math.max(1, Math.floor(numbersAtOnce / inFeatures))
  const source = await openLocalFile(join(weights.folder, weights.tensor(weight).location))
  const read = async ({ name, type, offset, byteLength }: StoredTensor) => {
    const dtype = ({ float32: 'F32', float16: 'F16', bfloat16: 'BF16' } as const)[type as 'float32']
    if (dtype === undefined) throw new Error(`${name} is stored as ${type}`)
    return decodeFloats(await source.read(offset, byteLength), dtype)
  }
  try {
    const whole = layout === 'in_out' ? await read(weights.tensor(weight)) : null
    for (let start = 0; start < outFeatures; start += step) {
      const end = Math.min(start + step, outFeatures)
      yield whole === null
        ? await read(weights.rows(weight, start, end))
        : columns(whole, inFeatures, outFeatures, start, end)
    }
  } finally {
    await source.close()
  }
}

/** Columns [start, end) of a matrix [rows, width], as rows. */
function columns(matrix: Float32Array, rows: number, width: number, start: number, end: number): Float32Array {
  const turned = new Float32Array((end - start) * rows)
  for (let row = 0; row < rows; row++)
    for (let column = start; column < end; column++)
      turned[(column - start) * rows + row] = matrix[row * width + column]!
  return turned
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, '0')
}
