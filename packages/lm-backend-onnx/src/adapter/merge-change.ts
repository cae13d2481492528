import type { StoredTensor } from '../weights/checkpoint.js'
import type { ReadRows } from '../weights/read-tensors.js'
import type { LowRank, TensorChange } from './adapter-changes.js'

// numbers of a tensor that are merged at a time, 8 MB of float32
const numbersAtOnce = 2 ** 21

/**
 * The merged tensor, some rows after the other, in float32: the adapter's own values or the model's, plus scale B A (times magnitude / length for
 * DoRA, over all that a output's weights are), plus the added vector; then rows of its own. Source: peft 0.21 (tuners/lora/layer.py, dora.py).
 */
export async function* mergedRows(
  base: StoredTensor,
  { replacement, lowRank, added, rows: own }: TensorChange,
  readBase: ReadRows,
  readAdapter: ReadRows,
): AsyncGenerator<Float32Array> {
  const [rows = 0] = base.shape
  const width = base.shape.slice(1).reduce((product, size) => product * size, 1)
  const step = Math.max(1, Math.floor(numbersAtOnce / width))
  const low = lowRank === null ? null : await readLowRank(lowRank, readAdapter)
  const shift = added === null ? null : await readAdapter(added.values, 0, rows)
  const ownValues = own === null ? null : await readAdapter(own.values, 0, own.indices.length)
  const plain = async (start: number, end: number) => {
    const values = await (replacement === null ? readBase(base, start, end) : readAdapter(replacement, start, end))
    if (low !== null) addProduct(values, low, start, end)
    return values
  }
  // of a matrix stored [in, out], an output's weights are a column
  const columnScales =
    low?.magnitude && low.isTransposed ? await scalesOfColumns(low.magnitude, width, rows, step, plain) : null
  for (let start = 0; start < rows; start += step) {
    const end = Math.min(start + step, rows)
    const values = await plain(start, end)
    if (columnScales !== null) for (let i = 0; i < values.length; i++) values[i]! *= columnScales[i % width]!
    else if (low?.magnitude)
      for (let row = 0; row < end - start; row++) {
        const part = values.subarray(row * width, (row + 1) * width)
        const scale = low.magnitude[start + row]! / Math.sqrt(part.reduce((sum, value) => sum + value * value, 0))
        for (let i = 0; i < width; i++) part[i]! *= scale
      }
    if (shift !== null) for (let row = start; row < end; row++) values[row - start]! += added!.scale * shift[row]!
    own?.indices.forEach((row, index) => {
      if (row >= start && row < end)
        values.set(ownValues!.subarray(index * width, (index + 1) * width), (row - start) * width)
    })
    yield values
  }
}

interface LowRankNumbers {
  /** [rows, r] with the scale, and [r, width] */
  readonly left: Float32Array
  readonly right: Float32Array
  readonly r: number
  readonly isTransposed: boolean
  readonly magnitude: Float32Array | null
}

async function readLowRank({ a, b, scale, isTransposed, magnitude }: LowRank, read: ReadRows): Promise<LowRankNumbers> {
  const [r = 0, inputs = 0] = a.shape
  const [outputs = 0] = b.shape
  const [aValues, bValues] = [await read(a, 0, r), await read(b, 0, outputs)]
  return {
    left: (isTransposed ? transposed(aValues, r, inputs) : bValues).map((value) => scale * value),
    right: isTransposed ? transposed(bValues, outputs, r) : aValues,
    r,
    isTransposed,
    magnitude: magnitude === null ? null : await read(magnitude, 0, outputs),
  }
}

/** Adds rows [start, end) of left . right; sums in float64. */
function addProduct(values: Float32Array, { left, right, r }: LowRankNumbers, start: number, end: number): void {
  const width = right.length / r
  const sums = new Float64Array(width)
  for (let row = start; row < end; row++) {
    const at = (row - start) * width
    for (let i = 0; i < width; i++) sums[i] = values[at + i]!
    for (let k = 0; k < r; k++) {
      const factor = left[row * r + k]!
      const offset = k * width
      for (let i = 0; i < width; i++) sums[i]! += factor * right[offset + i]!
    }
    for (let i = 0; i < width; i++) values[at + i] = sums[i]!
  }
}

async function scalesOfColumns(
  magnitude: Float32Array,
  width: number,
  rows: number,
  step: number,
  read: (start: number, end: number) => Promise<Float32Array>,
): Promise<Float64Array> {
  const squares = new Float64Array(width)
  for (let start = 0; start < rows; start += step) {
    const values = await read(start, Math.min(start + step, rows))
    for (let i = 0; i < values.length; i++) squares[i % width]! += values[i]! ** 2
  }
  return squares.map((square, i) => magnitude[i]! / Math.sqrt(square))
}

function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(values.length)
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) turned[column * rows + row] = values[row * columns + column]!
  return turned
}
