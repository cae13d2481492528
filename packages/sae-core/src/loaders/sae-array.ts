import { readAll, readSlices } from '../tensors/read-tensor.js'
import { floatDtype, type TensorPlace } from '../tensors/tensor-place.js'

/** A tensor of an SAE as float32, whatever it is stored as. */
export interface SaeArray {
  readonly shape: readonly number[]
  /** Everything, row-major; of a matrix the whole file goes to the cache first. */
  all(): Promise<Float32Array>
  /** For each of `indices` along `axis` what lies there, row-major over the other axes. */
  slices(axis: number, indices: readonly number[]): Promise<Float32Array[]>
}

/** A tensor as it is stored. Throws InputError for types that hold no floating-point numbers. */
export function stored(place: TensorPlace): SaeArray {
  floatDtype(place)
  return {
    shape: place.shape,
    all: () => readAll(place),
    slices: (axis, indices) => readSlices(place, axis, indices),
  }
}

/** Every number passed through a function. */
export function mapped(array: SaeArray, convert: (value: number) => number): SaeArray {
  return {
    shape: array.shape,
    all: async () => (await array.all()).map(convert),
    slices: async (axis, indices) => (await array.slices(axis, indices)).map((slice) => slice.map(convert)),
  }
}

/** Every number times a factor. */
export function scaled(array: SaeArray, factor: number): SaeArray {
  return factor === 1 ? array : mapped(array, (value) => value * factor)
}

/** A vector of one number. */
export function filled(length: number, value: number): SaeArray {
  return {
    shape: [length],
    all: async () => new Float32Array(length).fill(value),
    slices: async (_, indices) => indices.map(() => Float32Array.of(value)),
  }
}

/** Numbers that are kept of rows which the parts of an array share. */
const mostKept = 2 ** 24

/** The n matrices [a, b] of [a, n, b]: the decoders of a cross-layer transcoder. Rows that are asked for together are read once for all of them. */
export function partsOfMiddle(array: SaeArray): SaeArray[] {
  const [first = 0, middle = 0, last = 0] = array.shape
  const rows = new Map<number, Promise<Float32Array>>()
  const rowsOf = (indices: readonly number[]) => {
    const unread = indices.filter((index) => !rows.has(index))
    const isFull = (rows.size + unread.length) * middle * last > mostKept
    if (isFull) rows.clear()
    const wanted = [...new Set(isFull ? indices : unread)]
    if (wanted.length > 0) {
      const read = array.slices(0, wanted)
      for (const [at, index] of wanted.entries()) {
        rows.set(
          index,
          read.then((values) => values[at]!),
        )
      }
    }
    return Promise.all(indices.map((index) => rows.get(index)!))
  }
  return Array.from({ length: middle }, (_, part) => {
    const slices: SaeArray['slices'] = async (axis, indices) => {
      if (axis !== 0) throw new Error('only rows of a decoder are read')
      return (await rowsOf(indices)).map((values) => values.slice(part * last, (part + 1) * last))
    }
    const all = async () => {
      const values = new Float32Array(first * last)
      for (const some of chunksOf(first, middle * last)) {
        const found = await slices(0, some)
        found.forEach((row, at) => {
          values.set(row, (some[0]! + at) * last)
        })
      }
      return values
    }
    return { shape: [first, last], all, slices }
  })
}

/** The numbers below `count` in lists whose rows of `width` numbers are few megabytes. */
export function* chunksOf(count: number, width: number): Generator<number[]> {
  const size = Math.max(1, Math.floor(2 ** 20 / Math.max(1, width)))
  for (let at = 0; at < count; at += size)
    yield Array.from({ length: Math.min(size, count - at) }, (_, index) => at + index)
}

/** The sum over the middle axis of [a, n, b]: the decoder of a cross-layer transcoder over the layers it writes to. */
export function summedOverMiddle(array: SaeArray): SaeArray {
  const [first = 0, middle = 0, last = 0] = array.shape
  const sum = (values: Float32Array) => {
    const rows = values.length / (middle * last || 1)
    const result = new Float32Array(rows * last)
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < last; i++) {
        let total = 0
        for (let j = 0; j < middle; j++) total += values[(row * middle + j) * last + i]!
        result[row * last + i] = total
      }
    }
    return result
  }
  return {
    shape: [first, last],
    all: async () => sum(await array.all()),
    slices: async (axis, indices) => {
      if (axis !== 0) throw new Error('only rows of a summed array can be read')
      return (await array.slices(0, indices)).map(sum)
    },
  }
}
