import { strip } from '../python/text.js'
import { intOf, numberOf, PyFloat, type PyValue, typeName } from '../python/value.js'
import { TemplateError } from './template-error.js'

/** Jinja's int filter: what cannot be an int becomes the fallback. */
export function toInt(value: PyValue, fallback: PyValue, base: PyValue): PyValue {
  if (typeof value === 'bigint') return value
  const number = numberOf(value)
  if (number !== null) return Number.isFinite(number) ? Math.trunc(number) : fallback
  if (typeof value !== 'string') return fallback
  const digits = strip(value, 'both').replaceAll('_', '')
  if (base !== 10) {
    const radix = numberOf(base)!
    const plain = digits.replace(/^([+-]?)0[xXoObB]/, '$1')
    const guessed =
      radix === 0 ? (/0[xX]/.test(digits) ? 16 : /0[oO]/.test(digits) ? 8 : /0[bB]/.test(digits) ? 2 : 10) : radix
    const parsed = Number.parseInt(plain, guessed)
    return Number.isNaN(parsed) ? fallback : parsed
  }
  if (/^[+-]?\d+$/.test(digits)) return intOf(digits.replace(/^\+/, ''))
  const float = floatIn(digits)
  return float !== null && Number.isFinite(float) ? Math.trunc(float) : fallback
}

/** Jinja's float filter. */
export function toFloat(value: PyValue, fallback: PyValue): PyValue {
  const number = numberOf(value)
  if (number !== null) return new PyFloat(number)
  const found = typeof value === 'string' ? floatIn(strip(value, 'both').replaceAll('_', '')) : null
  return found === null ? fallback : new PyFloat(found)
}

/** float(text) of Python. */
function floatIn(text: string): number | null {
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return Number(text)
  const named = /^([+-]?)(inf|infinity|nan)$/i.exec(text)
  if (named === null) return null
  return named[2]!.toLowerCase() === 'nan' ? Number.NaN : Number(`${named[1]}Infinity`)
}

/** Jinja's round filter: to even on ties with "common", like Python's round of the number's binary value. */
export function round(value: PyValue, precision: PyValue, method: PyValue): PyValue {
  const number = numberOf(value)
  const digits = numberOf(precision)
  if (number === null || digits === null)
    throw new TemplateError('TypeError', `type ${typeName(value)} doesn't define __round__ method`)
  if (method === 'common') {
    const isInt = !(value instanceof PyFloat)
    const rounded = roundToEven(number, digits)
    return isInt ? rounded : new PyFloat(rounded)
  }
  const scale = 10 ** digits
  if (method !== 'ceil' && method !== 'floor')
    throw new TemplateError('ValueError', 'method must be common, ceil or floor')
  return new PyFloat((method === 'ceil' ? Math.ceil(number * scale) : Math.floor(number * scale)) / scale)
}

function roundToEven(number: number, digits: number): number {
  if (digits < 0) {
    const scale = 10 ** -digits
    return roundToEven(number / scale, 0) * scale
  }
  // toFixed rounds the exact binary value but takes the larger of two equally near ones
  const fixed = Number(number.toFixed(digits))
  const tie = digits === 0 && Math.abs(number % 1) === 0.5
  return tie ? 2 * Math.round(number / 2) : fixed
}
