/** Floating-point storage types that decode to float32. */
export type FloatDtype = 'F64' | 'F32' | 'F16' | 'BF16'

/** Bytes per number. */
export const floatBytes: Readonly<Record<FloatDtype, number>> = { F64: 8, F32: 4, F16: 2, BF16: 2 }

/** Little-endian numbers as float32; `bytes` need not be aligned. Exact for F32, F16 and BF16. */
export function decodeFloats(bytes: Uint8Array, dtype: FloatDtype): Float32Array {
  // a copy starts at offset 0, so typed views of it are aligned
  const aligned = bytes.slice()
  switch (dtype) {
    case 'F32':
      return new Float32Array(aligned.buffer)
    case 'F64':
      return Float32Array.from(new Float64Array(aligned.buffer))
    case 'BF16': {
      const halves = new Uint16Array(aligned.buffer)
      const words = new Uint32Array(halves.length)
      for (let i = 0; i < halves.length; i++) words[i] = halves[i]! << 16
      return new Float32Array(words.buffer)
    }
    case 'F16':
      return Float32Array.from(new Uint16Array(aligned.buffer), decodeHalf)
  }
}

/** IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits. */
function decodeHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
