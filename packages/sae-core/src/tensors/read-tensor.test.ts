import { describe, expect, it } from 'vitest'
import { memorySource } from '../loaders/weights.testing.js'
import { readAll, readSlices } from './read-tensor.js'
import { rowMajor, type TensorPlace, transposed } from './tensor-place.js'

const stored = Float32Array.from({ length: 5000 }, (_, i) => i)
const source = memorySource(Buffer.from(stored.buffer))

/** A view of the numbers 0, 1, 2, … that starts at `offset`. */
function view(shape: number[], strides: number[], offset: number, kind: 'direct' | 'sequential'): TensorPlace {
  const bytes = Buffer.from(stored.buffer).subarray(4 * offset)
  async function* stream(from: number) {
    // pieces that cut through numbers
    for (let at = from; at < bytes.length; at += 37) yield Uint8Array.from(bytes.subarray(at, at + 37))
  }
  return {
    name: 'a view',
    dtype: 'F32',
    shape,
    strides,
    bytes: async () => (kind === 'direct' ? { kind, source, offset: 4 * offset } : { kind, source, stream }),
  }
}

/** The element at an index, as strides define it. */
function numbersOf({ shape, strides }: TensorPlace, offset: number): number[] {
  let places = [offset]
  shape.forEach((length, axis) => {
    places = places.flatMap((place) => Array.from({ length }, (_, i) => place + i * strides[axis]!))
  })
  return places
}

describe.each(['direct', 'sequential'] as const)('%s arrays', (kind) => {
  it.each<[string, number[], number[]]>([
    ['a vector', [7], [1]],
    ['every third number', [7], [3]],
    ['a matrix', [5, 6], [6, 1]],
    ['a transposed matrix', [5, 6], [1, 5]],
    ['columns of a wider matrix', [5, 6], [40, 1]],
    ['rows of a taller transposed matrix', [5, 6], [1, 40]],
    ['every second number of both', [5, 6], [40, 2]],
    ['a matrix of one row', [1, 6], [99, 1]],
    ['a matrix of one column', [6, 1], [1, 99]],
    ['three axes', [3, 4, 5], [20, 5, 1]],
    ['three axes in reverse', [3, 4, 5], [1, 3, 12]],
    ['three axes mixed', [3, 4, 5], [4, 1, 12]],
    ['one number', [], []],
    ['nothing', [0, 4], [4, 1]],
  ])('%s', async (_, shape, strides) => {
    const place = view(shape, strides, 11, kind)
    const expected = numbersOf(place, 11)
    expect([...(await readAll(place))]).toEqual(expected)
    if (shape.length > 0) expect([...(await readAll(transposed(transposed(place))))]).toEqual(expected)
    for (const axis of shape.keys()) {
      const indices = Array.from({ length: shape[axis]! }, (_, i) => i).reverse()
      const slices = await readSlices(place, axis, indices)
      const rest = { shape: shape.toSpliced(axis, 1), strides: strides.toSpliced(axis, 1) } as unknown as TensorPlace
      expect(slices.map((slice) => [...slice])).toEqual(
        indices.map((index) => numbersOf(rest, 11 + index * strides[axis]!)),
      )
    }
  })

  it('that repeat their numbers are refused whole', async () => {
    await expect(readAll(view([4, 3], [0, 1], 0, kind))).rejects.toThrow(/repeats stored numbers/)
  })
})

it('strides of arrays stored row by row', () => {
  expect(rowMajor([3, 4, 5])).toEqual([20, 5, 1])
  expect(rowMajor([])).toEqual([])
})
