import { roundFloat } from '../../text/float-digits.js'
import { formatValue } from '../../text/format-spec.js'
import { strip } from '../../text/text.js'
import { PyDecimal } from '../../values/decimal.js'
import { PythonError } from '../../values/python-error.js'
import { exactNumber, intOf, isTrue, PyFloat, type PyValue, typeName } from '../../values/value.js'
import { int } from '../methods/arguments.js'
import { binary, narrow } from '../operators.js'
import { textOf } from '../runtime/markup.js'
import { Undefined } from '../runtime/undefined.js'
import { define } from './define.js'

const digits = /^[+-]?(?:\p{Nd}_?)*\p{Nd}$/u

/** Digits of other scripts as ASCII ones. */
function ascii(text: string): string {
  return text.replace(/[^\x00-\x7f]/gu, (character) => {
    if (!/^\p{Nd}$/u.test(character)) return character
    const code = character.codePointAt(0)!
    let zero = code
    while (code - zero < 9 && /^\p{Nd}$/u.test(String.fromCodePoint(zero - 1))) zero--
    return String(code - zero)
  })
}

/** int(text, base); null where it is none. */
function parseInteger(source: string, base: number): number | bigint | null {
  const text = strip(source, 'both')
  if (base === 10) return digits.test(text) ? parsed(ascii(text).replaceAll('_', '')) : null
  if (base !== 0 && (base < 2 || base > 36))
    throw new PythonError('ValueError', 'int() base must be >= 2 and <= 36, or 0')
  const found = /^([+-]?)(0[xXoObB]_?)?((?:[\da-zA-Z]_?)*[\da-zA-Z])$/.exec(ascii(text))
  if (found === null) return null
  const [, sign, prefix, rest] = found as unknown as [string, string, string | undefined, string]
  const named = prefix === undefined ? null : { x: 16, o: 8, b: 2 }[prefix[1]!.toLowerCase()]!
  let radix = base
  let body = rest
  if (named !== null && (base === 0 || base === named)) radix = named
  else if (named !== null) body = prefix!.slice(0, 2) + rest
  if (radix === 0) {
    radix = 10
    if (/^0[\d_]*[1-9]/.test(body)) return null
  }
  let value = 0n
  for (const character of body.replaceAll('_', '')) {
    const digit = Number.parseInt(character, 36)
    if (digit >= radix) return null
    value = value * BigInt(radix) + BigInt(digit)
  }
  return narrow(sign === '-' ? -value : value)
}

function parsed(text: string): number | bigint {
  if (text.replace(/^[+-]/, '').length > 4300)
    throw new PythonError('ValueError', 'Exceeds the limit (4300 digits) for integer string conversion')
  const value = intOf(text.replace(/^\+/, ''))
  return typeof value === 'number' ? value + 0 : value
}

/** float(text); null where it is none. */
function parseFloatText(source: string): number | null {
  const text = ascii(strip(source, 'both'))
  const found = /^[+-]?(?:(?:\d_?)*\d\.?(?:(?:\d_?)*\d)?|\.(?:\d_?)*\d)(?:[eE][+-]?(?:\d_?)*\d)?$/.test(text)
  if (found) return Number(text.replaceAll('_', ''))
  const named = /^([+-]?)(inf|infinity|nan)$/i.exec(text)
  if (named === null) return null
  return named[2]!.toLowerCase() === 'nan' ? Number.NaN : Number(`${named[1]}Infinity`)
}

/** Jinja's int filter: what cannot be an int becomes the fallback. */
function toInt(value: PyValue, fallback: PyValue, base: PyValue): PyValue {
  if (value instanceof Undefined) throw value.error()
  const text = textOf(value)
  if (text !== null) {
    const whole = parseInteger(text, int(base))
    if (whole !== null) return whole
    const float = parseFloatText(text)
    return float === null || !Number.isFinite(float) ? fallback : narrow(BigInt(Math.trunc(float)))
  }
  if (value instanceof PyDecimal) return narrow(value.whole())
  const number = exactNumber(value)
  if (number === null) return fallback
  if (typeof number === 'bigint') return number
  if (Number.isFinite(number)) return narrow(BigInt(Math.trunc(number)))
  // int(inf) raises what the filter does not catch
  if (!Number.isNaN(number)) throw new PythonError('OverflowError', 'cannot convert float infinity to integer')
  return fallback
}

/** Jinja's float filter. */
function toFloat(value: PyValue, fallback: PyValue): PyValue {
  if (value instanceof Undefined) throw value.error()
  const text = textOf(value)
  if (text !== null) {
    const float = parseFloatText(text)
    return float === null ? fallback : new PyFloat(float)
  }
  if (value instanceof PyDecimal) return new PyFloat(Number(value.str()))
  const number = exactNumber(value)
  if (number === null) return fallback
  const float = Number(number)
  if (typeof number === 'bigint' && !Number.isFinite(float))
    throw new PythonError('OverflowError', 'int too large to convert to float')
  return new PyFloat(float)
}

/** Jinja's round filter: to even on ties with "common", like Python's round of the number's binary value. */
function round(value: PyValue, precision: PyValue, method: PyValue): PyValue {
  if (method !== 'common' && method !== 'ceil' && method !== 'floor')
    throw new PythonError('FilterArgumentError', 'method must be common, ceil or floor')
  if (value instanceof Undefined) throw value.error()
  const number = exactNumber(value)
  if (method === 'common') {
    if (number === null) throw new PythonError('TypeError', `type ${typeName(value)} doesn't define __round__ method`)
    if (precision === null) return nearest(value, number)
    const places = int(precision)
    if (value instanceof PyFloat) {
      const rounded = roundFloat(value.value, places)
      if (!Number.isFinite(rounded) && Number.isFinite(value.value))
        throw new PythonError('OverflowError', 'rounded value too large to represent')
      return new PyFloat(rounded)
    }
    return roundInt(BigInt(number), places)
  }
  const scale = binary('**', 10, precision)
  const scaled = exactNumber(binary('*', value, scale))
  if (scaled === null) throw new PythonError('TypeError', `must be real number, not ${typeName(value)}`)
  let whole: PyValue
  if (typeof scaled === 'bigint') whole = scaled
  else {
    if (!Number.isFinite(scaled))
      throw new PythonError(
        Number.isNaN(scaled) ? 'ValueError' : 'OverflowError',
        'cannot convert float NaN or infinity to integer',
      )
    whole = narrow(BigInt(method === 'ceil' ? Math.ceil(scaled) : Math.floor(scaled)))
  }
  return binary('/', whole, scale)
}

/** round(value) without digits: an int. */
function nearest(value: PyValue, number: number | bigint): PyValue {
  if (!(value instanceof PyFloat)) return narrow(BigInt(number))
  const float = Number(number)
  if (!Number.isFinite(float)) throw new PythonError('OverflowError', 'cannot convert float infinity or NaN to integer')
  return narrow(BigInt(roundFloat(float, 0)))
}

function roundInt(value: bigint, digits: number): PyValue {
  if (digits >= 0) return narrow(value)
  const scale = 10n ** BigInt(-digits)
  const rest = ((value % scale) + scale) % scale
  const below = value - rest
  const twice = 2n * rest
  const up = twice > scale || (twice === scale && (below / scale) % 2n !== 0n)
  return narrow(up ? below + scale : below)
}

function fileSize(value: PyValue, isBinary: boolean): string {
  const float = toFloat(value, null)
  if (!(float instanceof PyFloat)) throw new PythonError('ValueError', 'could not convert the value to float')
  const bytes = float.value
  const base = isBinary ? 1024 : 1000
  if (bytes === 1) return '1 Byte'
  if (bytes === Number.NEGATIVE_INFINITY)
    throw new PythonError('OverflowError', 'cannot convert float infinity to integer')
  if (bytes < base) return `${BigInt(Math.trunc(bytes))} Bytes`
  const prefixes = [...'kMGTPEZY'].map((letter) => (isBinary ? `${letter.toUpperCase()}iB` : `${letter}B`))
  let text = ''
  for (const [index, prefix] of prefixes.entries()) {
    const unit = base ** (index + 2)
    text = `${formatValue(new PyFloat((base * bytes) / unit), '.1f')} ${prefix}`
    if (bytes < unit) return text
  }
  return text
}

/** Filters of numbers. */
export const numberFilters = [
  define('int', 'default base', 0, (value, [fallback = 0, base = 10]) => toInt(value, fallback, base)),
  define('float', 'default', 0, (value, [fallback = new PyFloat(0)]) => toFloat(value, fallback)),
  define('round', 'precision method', 0, (value, [precision = 0, method = 'common']) =>
    round(value, precision, method),
  ),
  define('abs', '', 0, (value) => {
    if (value instanceof PyFloat) return new PyFloat(Math.abs(value.value))
    const number = exactNumber(value)
    if (number === null) throw new PythonError('TypeError', `bad operand type for abs(): '${typeName(value)}'`)
    return typeof number === 'bigint' ? (number < 0n ? -number : number) : Math.abs(number)
  }),
  define('filesizeformat', 'binary', 0, (value, [isBinary = false]) => fileSize(value, isTrue(isBinary))),
] as const
