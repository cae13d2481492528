// Decimal digits of floats as C's printf gives them: of the exact binary value, ties to even.

/** A finite float as integer * 2 ** power. */
function binaryOf(value: number): { integer: bigint; power: number } {
  const bits = new DataView(new ArrayBuffer(8))
  bits.setFloat64(0, Math.abs(value))
  const raw = bits.getBigUint64(0)
  const exponent = Number((raw >> 52n) & 0x7ffn)
  const fraction = raw & 0xfffffffffffffn
  return exponent === 0
    ? { integer: fraction, power: -1074 }
    : { integer: fraction | 0x10000000000000n, power: exponent - 1075 }
}

/** |value| * 10 ** digits, rounded to an integer, ties to even. */
function scaled(value: number, digits: number): bigint {
  const { integer, power } = binaryOf(value)
  let above = integer
  let below = 1n
  if (digits >= 0) above *= 10n ** BigInt(digits)
  else below *= 10n ** BigInt(-digits)
  if (power >= 0) above <<= BigInt(power)
  else below <<= BigInt(-power)
  const quotient = above / below
  const twice = 2n * (above % below)
  return twice > below || (twice === below && quotient % 2n === 1n) ? quotient + 1n : quotient
}

/** '%.{digits}f' of |value|, which is finite. */
export function fixedDigits(value: number, digits: number): string {
  const text = scaled(value, digits)
    .toString()
    .padStart(digits + 1, '0')
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`
}

/** The digits of |value| to `count` places behind the first, and the power of ten of the first one. */
export function exponentDigits(value: number, count: number): { digits: string; exponent: number } {
  if (value === 0) return { digits: '0'.repeat(count + 1), exponent: 0 }
  let exponent = Number(Math.abs(value).toExponential().split('e')[1])
  let digits = scaled(value, count - exponent).toString()
  if (digits.length > count + 1) {
    exponent++
    digits = digits.slice(0, count + 1)
  }
  return { digits, exponent }
}

/** round(value, digits) of a float. */
export function roundFloat(value: number, digits: number): number {
  if (!Number.isFinite(value) || value === 0 || digits > 323) return value
  if (digits < -308) return value < 0 ? -0 : 0
  const integer = scaled(value, digits)
  return Math.sign(value) * Number(`${integer}e${-digits}`)
}
