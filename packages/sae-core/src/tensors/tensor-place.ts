import { InputError } from '@saeval/hub'
import { type FloatDtype, floatBytes } from '@saeval/hub/internal/decode-floats'
import { type ArrayBytes, bytesFrom } from './array-bytes.js'

/** A stored array of numbers, readable in parts. */
export interface TensorPlace {
  /** For messages: "tensor W_dec of model/sae.safetensors". */
  readonly name: string
  /** Name of the storage type as in safetensors (F32, BF16, I64, …); only floating-point types can be read. */
  readonly dtype: string
  readonly shape: readonly number[]
  /** How many elements lie between neighbours along each axis. */
  readonly strides: readonly number[]
  /** Where the element [0, 0, …] and the others after it lie. */
  bytes(): Promise<ArrayBytes>
}

/** A weights file of any container: named arrays. */
export interface TensorFile {
  readonly name: string
  readonly tensors: ReadonlyMap<string, TensorPlace>
}

/** Strides of an array that is stored row by row. */
export function rowMajor(shape: readonly number[]): number[] {
  const strides: number[] = []
  let stride = 1
  for (const size of [...shape].reverse()) {
    strides.unshift(stride)
    stride *= size
  }
  return strides
}

/** The same numbers with the axes in reverse order; a matrix transposed. */
export function transposed(place: TensorPlace): TensorPlace {
  return { ...place, shape: [...place.shape].reverse(), strides: [...place.strides].reverse() }
}

/** What lies at one index of the first axis: an array with one axis less. */
export function partAt(place: TensorPlace, index: number): TensorPlace {
  const [first = 0, ...strides] = place.strides
  const skipped = index * first * floatBytes[floatDtype(place)]
  return { ...place, shape: place.shape.slice(1), strides, bytes: async () => bytesFrom(await place.bytes(), skipped) }
}

/** Throws InputError for integers, booleans and 8-bit floats. */
export function floatDtype({ name, dtype }: TensorPlace): FloatDtype {
  if (Object.hasOwn(floatBytes, dtype)) return dtype as FloatDtype
  throw new InputError(`${name} is stored as ${dtype}; F32, F16, BF16 and F64 can be read`)
}

/** Number of elements. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

/** Number of stored elements from the first to the last. */
export function storedExtent({ shape, strides }: Pick<TensorPlace, 'shape' | 'strides'>): number {
  return shape.some((length) => length === 0)
    ? 0
    : shape.reduce((last, length, axis) => last + (length - 1) * strides[axis]!, 1)
}
