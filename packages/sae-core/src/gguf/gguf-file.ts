import { type ByteSource, InputError } from '@saeval/hub'
import { cut, isPrintable } from '@saeval/hub/checks'
import { elementCount, rowMajor, type TensorFile, type TensorPlace } from '../tensors/tensor-place.js'
import { GgufCursor, GgufError } from './gguf-cursor.js'

/** A GGUF file: its tensors, and those of its metadata that are texts or whole numbers. */
export interface GgufFile extends TensorFile {
  readonly metadata: ReadonlyMap<string, string | number>
}

// headers with the tokenizers of whole models have some ten megabytes
const longestHeader = 2 ** 24
const mostAxes = 4
/** ggml's numbers of element types that can be read, with their sizes in bytes. */
const dtypes: Readonly<Record<number, readonly ['F16' | 'F32' | 'F64' | 'BF16', number]>> = {
  0: ['F32', 4],
  1: ['F16', 2],
  28: ['F64', 8],
  30: ['BF16', 2],
}
/** Sizes of the metadata types that are numbers; 8 is a text, 9 a list. */
const valueBytes: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
}
const [uint32, text, list, uint64] = [4, 8, 9, 10]

/**
 * Opens a GGUF file of version 2 or 3 (github.com/ggml-org/ggml, docs/gguf.md); reads its header only. Axes are in numpy's order, the reverse of
 * ggml's. Throws InputError for a damaged file; tensors of quantised types cannot be read and are an error when they are asked for.
 */
export async function openGguf(source: ByteSource): Promise<GgufFile> {
  try {
    return readHeader(source, new GgufCursor(await source.read(0, Math.min(source.byteLength, longestHeader))))
  } catch (cause) {
    if (cause instanceof GgufError)
      throw new InputError(`${source.name} is no whole GGUF file: it ${cause.message}`, { cause })
    throw cause
  }
}

function readHeader(source: ByteSource, cursor: GgufCursor): GgufFile {
  if (String.fromCharCode(...cursor.bytes.subarray(0, 4)) !== 'GGUF') throw new GgufError('does not begin with GGUF')
  cursor.skip(4)
  const version = cursor.u32()
  if (version !== 2 && version !== 3)
    throw new GgufError(
      version % 2 ** 16 === 0 ? 'has big-endian numbers' : `is of version ${version}; 2 and 3 can be read`,
    )
  const tensorCount = cursor.u64()
  const valueCount = cursor.u64()
  const metadata = new Map<string, string | number>()
  for (let left = valueCount; left > 0; left--) {
    const key = cursor.text()
    const value = readValue(cursor, cursor.u32())
    if (value !== null) metadata.set(key, value)
  }
  const infos = new Map<string, TensorInfo>()
  for (let left = tensorCount; left > 0; left--) {
    const info = readInfo(cursor)
    if (infos.has(info.name)) throw new GgufError(`has the tensor ${cut(info.name)} twice`)
    infos.set(info.name, info)
  }
  const alignment = metadata.get('general.alignment') ?? 32
  if (typeof alignment !== 'number' || alignment < 1) throw new GgufError('has no valid alignment')
  const start = Math.ceil(cursor.at / alignment) * alignment
  const tensors = new Map([...infos.values()].map((info) => [info.name, placeOf(source, info, start)]))
  return { name: source.name, tensors, metadata }
}

/** A text or a whole number; null for what is neither. */
function readValue(cursor: GgufCursor, type: number): string | number | null {
  if (type === text) return cursor.text()
  if (type === uint32) return cursor.u32()
  if (type === uint64) return cursor.u64()
  if (type === list) {
    const of = cursor.u32()
    const count = cursor.u64()
    if (of === text) for (let left = count; left > 0; left--) cursor.text()
    else cursor.skip(sizeOf(of) * count)
    return null
  }
  cursor.skip(sizeOf(type))
  return null
}

function sizeOf(type: number): number {
  const size = Object.hasOwn(valueBytes, type) ? valueBytes[type]! : null
  if (size === null) throw new GgufError(`has metadata of the unknown type ${type}`)
  return size
}

interface TensorInfo {
  readonly name: string
  readonly shape: readonly number[]
  readonly type: number
  /** From the begin of the data. */
  readonly offset: number
}

function readInfo(cursor: GgufCursor): TensorInfo {
  const name = cursor.text()
  if (!isPrintable(name)) throw new GgufError('has a tensor whose name cannot be read')
  const axes = cursor.u32()
  if (axes > mostAxes) throw new GgufError(`has a tensor of ${axes} axes`)
  const shape = Array.from({ length: axes }, () => cursor.u64()).reverse()
  return { name, shape, type: cursor.u32(), offset: cursor.u64() }
}

function placeOf(source: ByteSource, { name, shape, type, offset }: TensorInfo, start: number): TensorPlace {
  const [dtype, size] = Object.hasOwn(dtypes, type) ? dtypes[type]! : [`ggml type ${type}`, 0]
  if (start + offset + elementCount(shape) * size > source.byteLength)
    throw new GgufError(`ends before the numbers of ${cut(name)}`)
  return {
    name: `tensor ${name} of ${source.name}`,
    dtype,
    shape,
    strides: rowMajor(shape),
    bytes: async () => ({ kind: 'direct', source, offset: start + offset }),
  }
}
