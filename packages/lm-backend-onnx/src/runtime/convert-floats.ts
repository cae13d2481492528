import { decodeFloats } from '@saeval/hub/internal/decode-floats'
import type { TensorDtype } from './engine.js'

const stored = { float32: 'F32', float16: 'F16', bfloat16: 'BF16' } as const

/** Types between which stored numbers are converted. */
export type FloatType = keyof typeof stored

/** Whether a type is one of floating point. */
export function isFloatType(dtype: TensorDtype): dtype is FloatType {
  return dtype in stored
}

/** Little-endian numbers of one type as bits or numbers of another, rounded to the nearest, ties to even. `bytes` need not be aligned. */
export function convertFloats(bytes: Uint8Array, from: FloatType, to: FloatType): Float32Array | Uint16Array {
  if (to === 'float32') return decodeFloats(bytes, stored[from])
  // a copy starts at offset 0, so typed views of it are aligned
  if (from === to) return new Uint16Array(bytes.slice().buffer)
  const round = to === 'float16' ? roundToHalf : roundToBfloat
  if (from === 'float32') return Uint16Array.from(new Uint32Array(bytes.slice().buffer), round)
  const table = tableOf(from, to)
  return new Uint16Array(bytes.slice().buffer).map((bits) => table[bits]!)
}

const tables = new Map<string, Uint16Array>()

/** What becomes of each of the 65536 numbers of a 16-bit type in the other. */
function tableOf(from: 'float16' | 'bfloat16', to: 'float16' | 'bfloat16'): Uint16Array {
  const known = tables.get(from + to)
  if (known) return known
  const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits)
  const numbers = decodeFloats(new Uint8Array(all.buffer), stored[from])
  const table = Uint16Array.from(new Uint32Array(numbers.buffer), to === 'float16' ? roundToHalf : roundToBfloat)
  tables.set(from + to, table)
  return table
}

/** 2^16 and 2^-14 as bits of float32: beyond the one float16 is infinite, below the other it has fewer digits. */
const tooLargeForHalf = 0x47800000
const smallestNormalHalf = 0x38800000
const float32Infinity = 0x7f800000

/** Bits of float32 to bits of IEEE 754 binary16. */
function roundToHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000
  const size = bits & 0x7fffffff
  if (size > float32Infinity) return sign | 0x7e00
  if (size >= tooLargeForHalf) return sign | 0x7c00
  if (size < smallestNormalHalf) return sign | roundToEven(numberOf(size) * 2 ** 24)
  // exponents count from -15 there, from -127 here; 13 of the 23 digits go
  const shifted = size - (112 << 23)
  return sign | ((shifted + 0xfff + ((shifted >>> 13) & 1)) >>> 13)
}

/** Bits of float32 to bits of bfloat16, its upper half. */
function roundToBfloat(bits: number): number {
  if ((bits & 0x7fffffff) > float32Infinity) return (bits >>> 16) | 0x40
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16
}

const word = new Uint32Array(1)
const number = new Float32Array(word.buffer)

function numberOf(bits: number): number {
  word[0] = bits
  return number[0]!
}

function roundToEven(x: number): number {
  const below = Math.floor(x)
  const rest = x - below
  if (rest !== 0.5) return Math.round(x)
  return below % 2 === 0 ? below : below + 1
}
