import { parseJson } from '@saeval/python/internal/json/json'
import { isDict, PyFloat, type PyValue } from '@saeval/python/internal/values/value'

/**
 * pandas' ujson_loads, which datasets reads some JSON with: floats are put together from at most 15 decimals without exact rounding,
 * NaN is None, ints beyond 64 bits are refused. Source: pandas/_libs/src/vendored/ujson/lib/ultrajsondec.c. Throws SyntaxError.
 */
export function ujsonLoads(text: string): PyValue {
  return parseJson(text, { number: ujsonNumber, nan: null })
}

const parts = /^(-?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/
const negativePowers = [
  1, 0.1, 0.01, 0.001, 0.0001, 0.00001, 0.000001, 0.0000001, 0.00000001, 0.000000001, 0.0000000001, 0.00000000001,
  0.000000000001, 0.0000000000001, 0.00000000000001, 0.000000000000001,
]

function ujsonNumber(text: string): PyValue {
  const [, sign, whole, fraction, exponent] = parts.exec(text)!
  const integer = BigInt(whole!)
  if (integer >= 1n << 64n || (sign === '-' && integer > 1n << 63n)) throw new SyntaxError('a number beyond 64 bits')
  if (fraction === undefined && exponent === undefined) {
    const number = Number(text)
    return Number.isSafeInteger(number) ? number + 0 : BigInt(text)
  }
  let decimals = 0
  const digits = (fraction ?? '').slice(0, 15)
  for (const digit of digits) decimals = decimals * 10 + Number(digit)
  const value = (Number(integer) + decimals * negativePowers[digits.length]!) * (sign === '-' ? -1 : 1)
  return new PyFloat(exponent === undefined ? value : value * 10 ** Number(exponent))
}

/** What a text that is JSON says; any other text is itself. */
export function decodedText(text: string): PyValue {
  try {
    return ujsonLoads(text)
  } catch {
    return text
  }
}

/**
 * A value after ujson_dumps and a reading of what that wrote, careful or (`again`) by ujson_loads: floats keep ten decimals, infinities are
 * None.
 */
export function throughUjson(value: PyValue, again = false): PyValue {
  if (value instanceof PyFloat) {
    const text = floatText(value.value)
    return text === null ? null : again ? ujsonNumber(text) : new PyFloat(Number(text))
  }
  if (Array.isArray(value)) return value.map((item) => throughUjson(item, again))
  return isDict(value) ? new Map([...value].map(([key, item]) => [key, throughUjson(item, again)])) : value
}

/** A float as ujson_dumps writes it; null for null. Source: ultrajsonenc.c, Buffer_AppendDoubleUnchecked. */
function floatText(value: number): string | null {
  if (!Number.isFinite(value)) return null
  const size = Math.abs(value)
  if (size > 1e16 - 1 || (size !== 0 && size < 1e-15)) return exponential(value)
  let whole = Math.floor(size)
  const scaled = (size - whole) * 1e10
  let fraction = Math.floor(scaled)
  const rest = scaled - fraction
  if (rest > 0.5 || (rest === 0.5 && (fraction === 0 || fraction % 2 === 1))) fraction++
  if (fraction >= 1e10) {
    fraction = 0
    whole++
  }
  const decimals = String(fraction).padStart(10, '0').replace(/0+$/, '')
  return `${value < 0 ? '-' : ''}${whole}.${decimals === '' ? '0' : decimals}`
}

/** C's %.10g of numbers that it writes with an exponent. */
function exponential(value: number): string {
  const [mantissa, exponent] = value.toExponential(9).split('e') as [string, string]
  return `${mantissa.replace(/\.?0+$/, '')}e${exponent}`
}
