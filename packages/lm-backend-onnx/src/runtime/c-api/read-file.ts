import { closeSync, openSync, readSync } from 'node:fs'
import { convertFloats, isFloatType } from '../convert-floats.js'
import type { FilePlace, FileTensor, TensorData, TensorDtype } from '../engine.js'
import { elementBytes, elementCount, tensorData } from './element-types.js'

/** Bytes of a file that are read at a time. */
const readAtOnce = 2 ** 24

/** Elements of a tensor from `start` on. */
export interface FilePart {
  readonly start: number
  readonly data: TensorData
}

/**
 * The elements of a tensor of files as another type, part by part, each at most `partBytes` large when converted. Throws where a file ends before
 * the tensor does, and for types that are no numbers of another.
 */
export function* fileParts(file: FileTensor, dtype: TensorDtype, partBytes: number): Generator<FilePart> {
  const total = elementCount(file.dims)
  const most = Math.max(1, Math.floor(partBytes / elementBytes(dtype)))
  const reader = new PlacesReader(file.places)
  try {
    for (let start = 0; start < total; start += most)
      yield { start, data: nextElements(reader, file, dtype, Math.min(most, total - start)) }
  } finally {
    reader.close()
  }
}

/** So many elements: converted as they are read, so that only the result is held whole. */
function nextElements(reader: PlacesReader, file: FileTensor, dtype: TensorDtype, count: number): TensorData {
  const part = tensorData(dtype, [count], new ArrayBuffer(count * elementBytes(dtype)))
  const width = elementBytes(file.dtype)
  const step = Math.min(count, readAtOnce / width)
  const bytes = new Uint8Array(step * width)
  for (let at = 0; at < count; at += step) {
    const wanted = bytes.subarray(0, Math.min(step, count - at) * width)
    reader.fill(wanted)
    put(part, at, wanted, file)
  }
  return part
}

function put({ dtype, data }: TensorData, at: number, bytes: Uint8Array, file: FileTensor): void {
  const from = file.dtype
  const rounded = file.rounded ?? from
  if (dtype === from && rounded === from) new Uint8Array(data.buffer).set(bytes, at * elementBytes(dtype))
  else if (isFloatType(dtype) && isFloatType(from) && isFloatType(rounded)) {
    const numbers = convertFloats(bytes, from, rounded)
    const converted = dtype === rounded ? numbers : convertFloats(new Uint8Array(numbers.buffer), rounded, dtype)
    ;(data as Float32Array | Uint16Array).set(converted, at)
  } else throw new Error(`${from} weights are no ${dtype}`)
}

/** Reads places of files one after the other. */
class PlacesReader {
  #index = 0
  #at = 0
  #handle: number | null = null

  constructor(private readonly places: readonly FilePlace[]) {}

  /** Fills `bytes` with what comes next. */
  fill(bytes: Uint8Array): void {
    for (let filled = 0; filled < bytes.length; ) {
      const place = this.places[this.#index]
      if (place === undefined) throw new Error(`the weights in ${this.places[0]?.path} are too few`)
      this.#handle ??= openSync(place.path, 'r')
      const wanted = Math.min(bytes.length - filled, place.byteLength - this.#at)
      const read = wanted === 0 ? 0 : readSync(this.#handle, bytes, filled, wanted, place.offset + this.#at)
      if (wanted > 0 && read === 0) throw new Error(`${place.path} ends before its weights do`)
      filled += read
      this.#at += read
      if (this.#at === place.byteLength) this.#next()
    }
  }

  #next(): void {
    this.close()
    this.#index++
    this.#at = 0
  }

  close(): void {
    if (this.#handle !== null) closeSync(this.#handle)
    this.#handle = null
  }
}
