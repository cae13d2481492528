import { createHash } from 'node:crypto'
import { basename, join } from 'node:path'
import { type CheckedTensor, readChecked, type WriteSteps, writeChecked } from '../weights/checked-file.js'
import type { StoredTensor } from '../weights/checkpoint.js'
import { fileIdentity } from '../weights/file-identity.js'
import type { StoredWeights } from '../weights/model-weights.js'
import { type Bits, blockSize, blocks, quantizeRows } from '../weights/quantize-rows.js'
import { openTensors } from '../weights/read-tensors.js'
import type { NeededMatrix } from './needed-matrices.js'

/** Raised with every change of the file's layout or of how numbers are rounded. */
const version = 1

/** What a file of quantised weights holds: the matrices of one model. */
export interface QuantizedContent {
  readonly modelName: string
  readonly bits: Bits
  readonly matrices: readonly NeededMatrix[]
  readonly weights: StoredWeights
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
export function writeQuantized(path: string, content: QuantizedContent, steps: WriteSteps): Promise<void> {
  const { modelName, bits } = content
  return writeChecked(
    path,
    {
      tensors: quantizedTensors(content),
      metadata: { saeval: String(version), model: modelName, dtype: `int${bits}` },
      fill: async (append) => {
        for (const matrix of content.matrices) {
          const scales: Float32Array[] = []
          for await (const rows of readRows(content.weights, matrix)) {
            const part = quantizeRows(rows, matrix.inFeatures, bits)
            await append(part.codes)
            scales.push(part.scales)
          }
          for (const part of scales) await append(new Uint8Array(part.buffer))
        }
      },
    },
    steps,
  )
}

/** Where the matrices lie in a file; null with a reason when it is not whole. Reads all of it. */
export async function readQuantized(
  path: string,
  content: QuantizedContent,
): Promise<{ readonly tensors: ReadonlyMap<string, StoredTensor> } | { readonly damage: string }> {
  const wanted = quantizedTensors(content)
  const read = await readChecked(path, wanted)
  if ('damage' in read) return read
  const stored = wanted.map(({ name, dtype, shape }): [string, StoredTensor] => {
    const { offset, byteLength } = read.tensors.get(name)!
    const type = dtype === 'U8' ? 'uint8' : 'float32'
    return [name, { name, shape, type, location: basename(path), offset, byteLength }]
  })
  return { tensors: new Map(stored) }
}

/** Codes and scales of each matrix, in the order of the file. */
function quantizedTensors({ matrices, bits }: QuantizedContent): CheckedTensor[] {
  return matrices.flatMap(({ weight, inFeatures, outFeatures }): CheckedTensor[] => [
    {
      name: `${weight}.codes`,
      dtype: 'U8',
      shape: [outFeatures, blocks(inFeatures), (blockSize * bits) / 8],
    },
    { name: `${weight}.scales`, dtype: 'F32', shape: [outFeatures * blocks(inFeatures)] },
  ])
}

/** A matrix as float32 rows [some, inFeatures], in order; a file's in_out matrix is read whole and turned. */
async function* readRows(weights: StoredWeights, matrix: NeededMatrix): AsyncGenerator<Float32Array> {
  const { weight, layout, inFeatures, outFeatures } = matrix
  const step = Math.max(1, Math.floor(numbersAtOnce / inFeatures))
  const { read, close } = openTensors(weights.folder)
  const tensor = weights.tensor(weight)
  try {
    const whole = layout === 'in_out' ? await read(tensor, 0, inFeatures) : null
    for (let start = 0; start < outFeatures; start += step) {
      const end = Math.min(start + step, outFeatures)
      yield whole === null ? await read(tensor, start, end) : columns(whole, inFeatures, outFeatures, start, end)
    }
  } finally {
    await close()
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
