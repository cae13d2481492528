import { type ByteSource, decodeFloats, type FloatDtype, InputError, readSafetensorsIndex } from '@saeval/hub'

/** A stored array of numbers, readable in parts. */
export interface TensorPlace {
  readonly dtype: FloatDtype
  readonly shape: readonly number[]
  /** True where reading any part means decompressing everything before it. */
  readonly sequential: boolean
  /** Bytes of the array. */
  read(offset: number, length: number): Promise<Uint8Array>
  /** All bytes of the array in order. */
  stream(): AsyncIterable<Uint8Array>
}

/** A weights file of any container: named arrays. */
export interface TensorFile {
  readonly name: string
  readonly tensors: ReadonlyMap<string, TensorPlace>
}

const dtypeBytes: Readonly<Record<FloatDtype, number>> = { F64: 8, F32: 4, F16: 2, BF16: 2 }
const piece = 2 ** 20

/** A safetensors file as a TensorFile. */
export async function openSafetensors(source: ByteSource): Promise<TensorFile> {
  const index = await readSafetensorsIndex(source)
  const tensors = new Map<string, TensorPlace>()
  for (const { name, dtype, shape, offset: start, byteLength } of index.tensors.values()) {
    if (!(dtype in dtypeBytes))
      throw new InputError(`tensor ${name} of ${source.name} is stored as ${dtype}; F32, F16, BF16 and F64 can be read`)
    tensors.set(name, {
      dtype: dtype as FloatDtype,
      shape,
      sequential: false,
      read: (offset, length) => source.read(start + offset, length),
      stream: async function* () {
        for (let at = 0; at < byteLength; at += piece)
          yield await source.read(start + at, Math.min(piece, byteLength - at))
      },
    })
  }
  return { name: source.name, tensors }
}

/** The whole array as float32. */
export async function readAll(place: TensorPlace): Promise<Float32Array> {
  const size = dtypeBytes[place.dtype]
  const count = place.shape.reduce((product, length) => product * length, 1)
  const values = new Float32Array(count)
  let filled = 0
  let rest = new Uint8Array(0)
  for await (const chunk of place.stream()) {
    const bytes = rest.length === 0 ? chunk : joined(rest, chunk)
    const whole = bytes.length - (bytes.length % size)
    values.set(decodeFloats(bytes.subarray(0, whole), place.dtype), filled)
    filled += whole / size
    rest = bytes.slice(whole)
  }
  return values
}

/** Row `index` of a matrix [rows, width], reading only its bytes. */
export async function readRow(place: TensorPlace, index: number): Promise<Float32Array> {
  const bytes = (place.shape[1] ?? 0) * dtypeBytes[place.dtype]
  return decodeFloats(await place.read(index * bytes, bytes), place.dtype)
}

/** One number of a vector. */
export async function readNumber(place: TensorPlace, index: number): Promise<number> {
  const size = dtypeBytes[place.dtype]
  return decodeFloats(await place.read(index * size, size), place.dtype)[0]!
}

/** Columns of a matrix [rows, width], in one pass over the file. */
export async function readColumns(place: TensorPlace, columns: readonly number[]): Promise<Float32Array[]> {
  const [rows = 0, width = 0] = place.shape
  const size = dtypeBytes[place.dtype]
  const result = columns.map(() => new Float32Array(rows))
  if (!place.sequential) {
    for (let row = 0; row < rows; row++) {
      for (const [at, column] of columns.entries()) {
        result[at]![row] = decodeFloats(await place.read((row * width + column) * size, size), place.dtype)[0]!
      }
    }
    return result
  }
  const rowBytes = width * size
  let row = 0
  let rest = new Uint8Array(0)
  for await (const chunk of place.stream()) {
    const bytes = rest.length === 0 ? chunk : joined(rest, chunk)
    let at = 0
    for (; at + rowBytes <= bytes.length; at += rowBytes, row++) {
      for (const [index, column] of columns.entries()) {
        const start = at + column * size
        result[index]![row] = decodeFloats(bytes.subarray(start, start + size), place.dtype)[0]!
      }
    }
    rest = bytes.slice(at)
  }
  return result
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(a.length + b.length)
  bytes.set(a)
  bytes.set(b, a.length)
  return bytes
}
