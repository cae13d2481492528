import { decodeFloats } from '@saeval/hub/internal/decode-floats'
import { expect, it } from 'vitest'
import { convertFloats } from './convert-floats.js'

const every16Bits = new Uint8Array(Uint16Array.from({ length: 65536 }, (_, bits) => bits).buffer)

function bytesOf(numbers: Float32Array): Uint8Array {
  return new Uint8Array(numbers.buffer)
}

/** float32 numbers around every number of a 16-bit type: itself, the middle to the next, and a little to both sides of that. */
function around(dtype: 'F16' | 'BF16'): Float32Array {
  const numbers = decodeFloats(every16Bits, dtype).filter(Number.isFinite)
  return Float32Array.from(
    [...numbers].flatMap((number, index) => {
      const middle = (number + (numbers[index + 1] ?? number)) / 2
      return [number, middle, middle * (1 + 2 ** -22), middle * (1 - 2 ** -22)]
    }),
  )
}

for (const [to, dtype] of [
  ['float16', 'F16'],
  ['bfloat16', 'BF16'],
] as const) {
  it(`rounds float32 to the nearest ${to}, ties to even`, () => {
    const numbers = around(dtype)
    const bits = convertFloats(bytesOf(numbers), 'float32', to)
    const half = decodeFloats(every16Bits, dtype)
    // the magnitudes in order: bits of neighbours differ by one, infinity is the last
    const infinity = half.indexOf(Number.POSITIVE_INFINITY)
    const ladder = [...half.slice(0, infinity)]
    ladder.push(2 * ladder.at(-1)! - ladder.at(-2)!)
    const wrong = [...numbers].filter((number, index) => {
      const size = Math.abs(number)
      const found = bits[index]! & 0x7fff
      const distance = Math.abs(ladder[found]! - size)
      const [below, above] = [ladder[found - 1], ladder[found + 1]].map((other) =>
        other === undefined ? Number.POSITIVE_INFINITY : Math.abs(other - size),
      ) as [number, number]
      const nearest = distance < Math.min(below, above) || (distance === Math.min(below, above) && found % 2 === 0)
      return !nearest || bits[index]! >> 15 !== (Object.is(number, -0) || number < 0 ? 1 : 0)
    })
    expect(wrong).toEqual([])
  })

  it(`takes every ${to} to float32 and back`, () => {
    const numbers = convertFloats(every16Bits, to, 'float32') as Float32Array
    const back = convertFloats(bytesOf(numbers), 'float32', to)
    const wrong = [...numbers.keys()].filter((bits) => !Number.isNaN(numbers[bits]!) && back[bits] !== bits)
    expect(wrong).toEqual([])
    expect([...numbers].filter(Number.isNaN).length).toBe([...back].filter((bits) => isNaN16(bits, to)).length)
  })
}

function isNaN16(bits: number, dtype: 'float16' | 'bfloat16'): boolean {
  return (bits & 0x7fff) > (dtype === 'float16' ? 0x7c00 : 0x7f80)
}

it('gives 16-bit numbers of the other kind as float32 would', () => {
  for (const [from, to] of [
    ['bfloat16', 'float16'],
    ['float16', 'bfloat16'],
  ] as const) {
    const through = convertFloats(bytesOf(convertFloats(every16Bits, from, 'float32') as Float32Array), 'float32', to)
    expect(convertFloats(every16Bits, from, to)).toEqual(through)
  }
  // beyond 65504 there is no float16, and below 2^-24 nothing but zero
  expect([
    ...convertFloats(new Uint8Array(Uint16Array.of(0x4780, 0x3300, 0x32ff).buffer), 'bfloat16', 'float16'),
  ]).toEqual([0x7c00, 0, 0])
})

it('reads bytes that are not aligned', () => {
  const bytes = new Uint8Array(9)
  bytes.set(bytesOf(Float32Array.of(1, -2)), 1)
  expect([...convertFloats(bytes.subarray(1), 'float32', 'float16')]).toEqual([0x3c00, 0xc000])
})
