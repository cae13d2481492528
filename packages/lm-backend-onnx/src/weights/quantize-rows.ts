/** Numbers that share one scale. */
export const blockSize = 32

export type Bits = 4 | 8

/** A part of a matrix in the layout of onnxruntime's MatMulNBits. */
export interface QuantizedRows {
  /** Per row and block, blockSize codes: a byte each, or two in a byte, the lower half first. */
  readonly codes: Uint8Array
  /** One per row and block: number = scale * (code - 2^(bits - 1)). */
  readonly scales: Float32Array
}

/** Bytes of a row's codes. */
function codeBytes(columns: number, bits: Bits): number {
  return (blocks(columns) * blockSize * bits) / 8
}

/** Blocks of a row; the last one is filled with zeros. */
export function blocks(columns: number): number {
  return Math.ceil(columns / blockSize)
}

/**
 * Rounds rows [n, columns] to blocks of codes with one scale each. The scale takes the number of largest size to the lowest code, which
 * has one step more than the highest.
 */
export function quantizeRows(values: Float32Array, columns: number, bits: Bits): QuantizedRows {
  const rows = values.length / columns
  const perRow = blocks(columns)
  const half = 2 ** (bits - 1)
  const highest = 2 * half - 1
  const rowBytes = codeBytes(columns, bits)
  const codes = new Uint8Array(rows * rowBytes)
  const scales = new Float32Array(rows * perRow)
  for (let row = 0; row < rows; row++) {
    for (let block = 0; block < perRow; block++) {
      const start = row * columns + block * blockSize
      const end = Math.min(start + blockSize, (row + 1) * columns)
      let largest = 0
      for (let i = start; i < end; i++) if (Math.abs(values[i]!) > Math.abs(largest)) largest = values[i]!
      const scale = Math.fround(largest / -half)
      scales[row * perRow + block] = scale
      const steps = scale === 0 ? 0 : 1 / scale
      const at = row * rowBytes + (block * blockSize * bits) / 8
      for (let i = 0; i < blockSize; i++) {
        const value = start + i < end ? values[start + i]! : 0
        const code = Math.min(highest, Math.max(0, Math.round(value * steps) + half))
        if (bits === 8) codes[at + i] = code
        else codes[at + (i >> 1)]! |= i % 2 === 0 ? code : code << 4
      }
    }
  }
  return { codes, scales }
}
