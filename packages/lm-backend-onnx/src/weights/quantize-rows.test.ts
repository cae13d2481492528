import { describe, expect, it } from 'vitest'
import { type Bits, blockSize, quantizeRows } from './quantize-rows.js'

/** Numbers of rows [n, columns] as MatMulNBits reads codes and scales. */
function dequantize({ codes, scales }: ReturnType<typeof quantizeRows>, columns: number, bits: Bits): number[] {
  const perRow = Math.ceil(columns / blockSize)
  const rows = scales.length / perRow
  return Array.from({ length: rows * columns }, (_, index) => {
    const row = Math.floor(index / columns)
    const place = row * perRow * blockSize + (index % columns)
    const byte = codes[(place * bits) >> 3]!
    const code = bits === 8 ? byte : place % 2 === 0 ? byte & 15 : byte >> 4
    return scales[Math.floor(place / blockSize)]! * (code - 2 ** (bits - 1))
  })
}

const columns = 50
const values = Float32Array.from({ length: 3 * columns }, (_, i) => Math.sin(i * 12.9898) * (i % 7))

describe.each([8, 4] as const)('%d bits', (bits) => {
  it('stays within half a step, a whole one at the far end', () => {
    const quantized = quantizeRows(values, columns, bits)
    expect(quantized.scales.length).toBe(6)
    expect(quantized.codes.length).toBe((6 * blockSize * bits) / 8)
    const back = dequantize(quantized, columns, bits)
    const perRow = 2
    values.forEach((value, i) => {
      const block = Math.floor(i / columns) * perRow + Math.floor((i % columns) / blockSize)
      const step = Math.abs(quantized.scales[block]!)
      expect(Math.abs(back[i]! - value)).toBeLessThanOrEqual(step * 1.0001)
    })
    // the number of largest size in each block is exact
    expect(Math.max(...back.map(Math.abs))).toBeCloseTo(Math.max(...values.map(Math.abs)), 5)
  })

  it('keeps zeros', () => {
    const quantized = quantizeRows(new Float32Array(columns), columns, bits)
    expect(dequantize(quantized, columns, bits).every((value) => value === 0)).toBe(true)
  })
})
