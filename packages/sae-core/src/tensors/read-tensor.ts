import { InputError } from '@saeval/hub'
import { decodeFloats, floatBytes } from '@saeval/hub/internal/decode-floats'
import { type ArrayBytes, joined, type Part, readParts } from './array-bytes.js'
import { elementCount, floatDtype, storedExtent, type TensorPlace } from './tensor-place.js'

const piece = 2 ** 20

/** The whole array as float32, row by row whatever its strides are. For more than a vector the whole file goes to the cache first. */
export async function readAll(place: TensorPlace): Promise<Float32Array> {
  const dtype = floatDtype(place)
  const size = floatBytes[dtype]
  const count = elementCount(place.shape)
  if (count === 0) return new Float32Array(0)
  const extent = storedExtent(place)
  refuseRepeats(place)
  const bytes = await place.bytes()
  if (bytes.kind === 'sequential' || extent * size > bytes.source.seekCost) await bytes.source.fetchWhole()
  const { values, put, finish } = placement(place, count, extent)
  let at = 0
  let rest: Uint8Array = new Uint8Array(0)
  for await (const chunk of chunks(bytes, extent * size)) {
    const both = rest.length === 0 ? chunk : joined(rest, chunk)
    const whole = both.length - (both.length % size)
    put(decodeFloats(both.subarray(0, whole), dtype), at)
    at += whole / size
    rest = both.slice(whole)
  }
  return finish(values)
}

/** Keeps a lying header from asking for more memory than the file has bytes. */
function refuseRepeats(place: TensorPlace): void {
  if (elementCount(place.shape) > storedExtent(place))
    throw new InputError(`${place.name} repeats stored numbers; such a view cannot be read`)
}

async function* chunks(bytes: ArrayBytes, length: number): AsyncIterable<Uint8Array> {
  if (bytes.kind === 'direct') {
    for (let at = 0; at < length; at += piece)
      yield await bytes.source.read(bytes.offset + at, Math.min(piece, length - at))
    return
  }
  let left = length
  for await (const chunk of bytes.stream(0)) {
    yield chunk.subarray(0, left)
    left -= Math.min(left, chunk.length)
    if (left === 0) return
  }
}

/** How stored numbers become the row-major array: put receives them in stored order. */
interface Placement {
  readonly values: Float32Array
  put(stored: Float32Array, at: number): void
  finish(values: Float32Array): Float32Array
}

function placement({ shape, strides }: TensorPlace, count: number, extent: number): Placement {
  const axes = shape.map((length, axis) => ({ length, stride: strides[axis]! })).filter(({ length }) => length > 1)
  const byStride = [...axes].sort((a, b) => b.stride - a.stride)
  const values = new Float32Array(extent)
  const asStored = { values, put: (stored: Float32Array, at: number) => values.set(stored, at) }
  if (isDense(axes)) return { ...asStored, finish: (all) => all }
  if (axes.length === 2 && isDense(byStride)) {
    // a transposed matrix [rows, columns], stored column by column
    const [columns, rows] = byStride.map(({ length }) => length) as [number, number]
    const put = (stored: Float32Array, at: number) => {
      let row = at % rows
      let target = row * columns + Math.floor(at / rows)
      for (const value of stored) {
        values[target] = value
        row += 1
        target += columns
        if (row === rows) {
          row = 0
          target -= rows * columns - 1
        }
      }
    }
    return { values, put, finish: (all) => all }
  }
  const finish = (all: Float32Array) => {
    const gathered = new Float32Array(count)
    let target = 0
    for (const { start, length } of runs(axes, 0)) {
      gathered.set(all.subarray(start, start + length), target)
      target += length
    }
    return gathered
  }
  return { ...asStored, finish }
}

function isDense(outer: readonly { length: number; stride: number }[]): boolean {
  let expected = 1
  return [...outer].reverse().every(({ length, stride }) => {
    const fits = stride === expected
    expected *= length
    return fits
  })
}

/**
 * For each of `indices` along `axis` what lies there, row by row over the other axes: rows of a matrix with axis 0, columns with axis 1,
 * single numbers of a vector. Reads only the bytes that hold them, unless reading the whole file is quicker.
 */
export async function readSlices(
  place: TensorPlace,
  axis: number,
  indices: readonly number[],
): Promise<Float32Array[]> {
  const dtype = floatDtype(place)
  refuseRepeats(place)
  const size = floatBytes[dtype]
  const rest = place.shape
    .map((length, index) => ({ length, stride: place.strides[index]!, index }))
    .filter(({ index }) => index !== axis)
  const count = elementCount(rest.map(({ length }) => length))
  const parts: Part[] = []
  for (const index of indices) {
    for (const { start, length } of runs(rest, index * place.strides[axis]!)) {
      const last = parts.at(-1)
      if (last && last.offset + last.length === start * size)
        parts[parts.length - 1] = { offset: last.offset, length: last.length + length * size }
      else parts.push({ offset: start * size, length: length * size })
    }
  }
  const values = decodeFloats(await readParts(await place.bytes(), parts), dtype)
  return indices.map((_, at) => values.slice(at * count, (at + 1) * count))
}

/** The stretches of neighbouring elements that make up an array with these axes, in row-major order. */
function* runs(
  axes: readonly { readonly length: number; readonly stride: number }[],
  start: number,
): Generator<{ start: number; length: number }> {
  const [first, ...others] = axes
  if (first === undefined) yield { start, length: 1 }
  else if (others.length === 0 && first.stride === 1) yield { start, length: first.length }
  else for (let i = 0; i < first.length; i++) yield* runs(others, start + i * first.stride)
}
