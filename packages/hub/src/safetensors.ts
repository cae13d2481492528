import type { ByteSource } from './byte-source.js'
import { cut, isPrintable, shown } from './checks/shown.js'
import { decodeFloats, type FloatDtype, floatBytes } from './decode-floats.js'
import { InputError } from './input-error.js'

/** Element types of the safetensors format with their sizes in bytes. */
const dtypeBytes = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  F8_E8M0: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const

export type SafetensorsDtype = keyof typeof dtypeBytes

/** One tensor: what it is and where its bytes lie. */
export interface TensorEntry {
  readonly name: string
  readonly dtype: SafetensorsDtype
  readonly shape: readonly number[]
  /** Absolute position in the file. */
  readonly offset: number
  readonly byteLength: number
}

/** The header of a safetensors file. */
export interface SafetensorsIndex {
  /** Name of the file, for messages. */
  readonly name: string
  readonly tensors: ReadonlyMap<string, TensorEntry>
  readonly metadata: Readonly<Record<string, string>>
}

// headers of the largest models have a few megabytes; parsing takes many times as much memory
const longestHeader = 2 ** 24

/** Reads and checks the header: every tensor inside the file, no overlaps, no gaps. Throws InputError for a damaged file. */
export async function readSafetensorsIndex(source: ByteSource): Promise<SafetensorsIndex> {
  const damaged = (what: string, cause?: unknown) => {
    return new InputError(`${source.name} is not a whole safetensors file (${what}); download it again`, { cause })
  }
  if (source.byteLength < 8) throw damaged(`${source.byteLength} bytes`)
  const prefix = await source.read(0, 8)
  const headerLength = Number(new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true))
  if (headerLength > longestHeader || 8 + headerLength > source.byteLength)
    throw damaged(`its header claims ${headerLength} bytes`)
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await source.read(8, headerLength)))
  } catch (cause) {
    throw damaged('its header is not JSON', cause)
  }
  if (!isObject(header)) throw damaged('its header is not an object')

  const start = 8 + headerLength
  const { __metadata__: notes = {}, ...entries } = header
  if (!Object.keys(entries).every(isPrintable)) throw damaged('the name of a tensor cannot be read')
  if (!isObject(notes) || !Object.values(notes).every((note) => typeof note === 'string'))
    throw damaged('its metadata are not texts')
  // names of every object's prototype are no metadata
  const metadata: Record<string, string> = Object.assign(Object.create(null), notes)
  const tensors = new Map(
    Object.entries(entries).map(([name, value]) => [name, tensorEntry(name, value, start, damaged)]),
  )
  checkPlaces([...tensors.values()], start, source.byteLength, damaged)
  return { name: source.name, tensors, metadata }
}

type Damaged = (what: string) => InputError

function tensorEntry(name: string, value: unknown, start: number, damaged: Damaged): TensorEntry {
  const called = cut(name)
  const { dtype, shape, data_offsets: offsets } = isObject(value) ? value : {}
  if (typeof dtype !== 'string' || !Object.hasOwn(dtypeBytes, dtype))
    throw damaged(`tensor ${called} has the unknown type ${shown(dtype)}`)
  if (!isCounts(shape) || shape.length > mostAxes) throw damaged(`tensor ${called} has no valid shape`)
  if (!isCounts(offsets) || offsets.length !== 2) throw damaged(`tensor ${called} has no valid place`)
  const [from, to] = offsets as [number, number]
  const size = shape.reduce((product, count) => product * count, dtypeBytes[dtype as SafetensorsDtype])
  if (to - from !== size)
    throw damaged(`tensor ${called} takes ${to - from} bytes, its shape [${shape}] asks for ${size}`)
  return { name, dtype: dtype as SafetensorsDtype, shape, offset: start + from, byteLength: size }
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0)
}

/** Axes of a tensor at most; numpy has 64. */
const mostAxes = 64

function checkPlaces(entries: TensorEntry[], start: number, end: number, damaged: Damaged): void {
  let next = start
  for (const { name, offset, byteLength } of entries.sort(
    (a, b) => a.offset - b.offset || a.byteLength - b.byteLength,
  )) {
    if (offset !== next) throw damaged(`tensor ${name} starts at byte ${offset}, expected ${next}`)
    next += byteLength
  }
  if (next !== end) throw damaged(`its tensors end at byte ${next}, the file at ${end}`)
}

/** The whole tensor as float32 in row-major order. */
export async function readTensor(source: ByteSource, entry: TensorEntry): Promise<Float32Array> {
  const dtype = floatDtype(source, entry)
  return decodeFloats(await source.read(entry.offset, entry.byteLength), dtype)
}

/** Rows [first, first + count) along the first axis, reading only their bytes. */
export async function readTensorRows(
  source: ByteSource,
  entry: TensorEntry,
  first: number,
  count: number,
): Promise<Float32Array> {
  const dtype = floatDtype(source, entry)
  const rows = entry.shape[0] ?? 0
  if (first < 0 || first + count > rows)
    throw new Error(`rows ${first} to ${first + count} of ${entry.name}, which has ${rows}`)
  const rowBytes = entry.shape.slice(1).reduce((product, size) => product * size, floatBytes[dtype])
  return decodeFloats(await source.read(entry.offset + first * rowBytes, count * rowBytes), dtype)
}

function floatDtype(source: ByteSource, { name, dtype }: TensorEntry): FloatDtype {
  if (Object.hasOwn(floatBytes, dtype)) return dtype as FloatDtype
  throw new InputError(`tensor ${name} of ${source.name} is stored as ${dtype}; F32, F16, BF16 and F64 can be read`)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
