import { checkWidth } from '../budget/budget.js'
import { getItem } from '../values/dict-keys.js'
import { PythonError } from '../values/python-error.js'
import { exactNumber, isDict, PyFloat, PyObject, PyTuple, type PyValue, typeName } from '../values/value.js'
import { floatBody } from './number-format.js'
import { asciiRepr } from './str-format.js'
import { codePoints, pyRepr, pyStr } from './text.js'

const conversion = /%(?:\(((?:[^()]|\([^()]*\))*)\))?([-+ 0#]*)(\*|\d*)(?:\.(\*|\d*))?[hlL]?([\s\S]?)/gu

/** How %s and %r write a value; Markup escapes here. */
export interface PercentTexts {
  str(value: PyValue): string
  repr(value: PyValue): string
}

/** template % values: Python's conversions with flags, width and precision. Throws PythonError as Python does. */
export function percentFormat(
  template: string,
  values: PyValue,
  texts: PercentTexts = { str: pyStr, repr: pyRepr },
): string {
  const list: readonly PyValue[] = values instanceof PyTuple ? values : [values]
  let next = 0
  const take = (): PyValue => {
    if (next >= list.length) throw new PythonError('TypeError', 'not enough arguments for format string')
    return list[next++]!
  }
  let keyed = false
  const text = template.replace(
    conversion,
    (_, key: string | undefined, flags: string, wide: string, exact: string | undefined, kind: string) => {
      if (kind === '')
        throw new PythonError('ValueError', key === undefined ? 'incomplete format' : 'incomplete format key')
      let width = wide === '*' ? star(take()) : Number(wide || 0)
      const left = width < 0
      width = Math.abs(width)
      const precision = exact === undefined ? null : Math.max(0, exact === '*' ? star(take()) : Number(exact || 0))
      if (kind === '%') return '%'
      let value: PyValue
      if (key === undefined) value = keyed ? values : take()
      else {
        if (!isDict(values)) throw new PythonError('TypeError', 'format requires a mapping')
        const found = getItem(values, key)
        if (found === undefined) throw new PythonError('KeyError', pyRepr(key))
        keyed = true
        value = found
      }
      return converted(value, kind, left ? `${flags}-` : flags, width, precision, texts)
    },
  )
  // what could hold keys may stay unused: a dict, and for Python a list too
  const mayHoldKeys =
    isDict(values) ||
    (Array.isArray(values) && !(values instanceof PyTuple)) ||
    (values instanceof PyObject && values.subscriptable)
  if (!keyed && next < list.length && !mayHoldKeys)
    throw new PythonError('TypeError', 'not all arguments converted during string formatting')
  return text
}

function star(value: PyValue): number {
  if (typeof value !== 'number' && typeof value !== 'boolean') throw new PythonError('TypeError', '* wants int')
  return Number(value)
}

function converted(
  value: PyValue,
  kind: string,
  flags: string,
  width: number,
  precision: number | null,
  texts: PercentTexts,
): string {
  checkWidth(width)
  checkWidth(precision ?? 0)
  if (kind === 's' || kind === 'r' || kind === 'a') {
    const text = kind === 's' ? texts.str(value) : kind === 'r' ? texts.repr(value) : asciiRepr(value)
    return padded(
      '',
      precision === null ? text : [...text].slice(0, precision).join(''),
      flags.replaceAll('0', ''),
      width,
    )
  }
  if (kind === 'c') return padded('', character(value), flags.replaceAll('0', ''), width)
  if (!'diuoxXeEfFgG'.includes(kind)) throw new PythonError('ValueError', `unsupported format character '${kind}'`)
  const number = exactNumber(value)
  const onlyInt = 'oxX'.includes(kind)
  if (number === null || (onlyInt && value instanceof PyFloat)) {
    const wanted = onlyInt ? 'an integer' : 'a real number'
    throw new PythonError('TypeError', `%${kind} format: ${wanted} is required, not ${typeName(value)}`)
  }
  const negative = number < 0 || Object.is(number, -0)
  let body: string
  if ('diuoxX'.includes(kind)) body = wholeDigits(value, number, kind, flags, precision)
  else {
    const float = Number(number)
    if (!Number.isFinite(float)) body = Number.isNaN(float) ? 'nan' : 'inf'
    else body = floatBody(float, kind.toLowerCase(), precision ?? 6, flags.includes('#'))
    if ('EFG'.includes(kind)) body = body.toUpperCase()
  }
  const minus = negative && !('diuoxX'.includes(kind) && /^(0[xX])?0*$/.test(body))
  const sign = minus ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
  return padded(sign, body, flags, width)
}

function wholeDigits(
  value: PyValue,
  number: number | bigint,
  kind: string,
  flags: string,
  precision: number | null,
): string {
  if (value instanceof PyFloat && !Number.isFinite(value.value))
    throw new PythonError(
      Number.isNaN(value.value) ? 'ValueError' : 'OverflowError',
      'cannot convert float NaN or infinity to integer',
    )
  const whole = typeof number === 'bigint' ? number : BigInt(Math.trunc(number))
  const size = whole < 0n ? -whole : whole
  const digits = size.toString(kind === 'o' ? 8 : kind === 'x' || kind === 'X' ? 16 : 10)
  const text = (kind === 'X' ? digits.toUpperCase() : digits).padStart(precision ?? 0, '0')
  const prefix = flags.includes('#') && 'oxX'.includes(kind) ? `0${kind}` : ''
  return prefix + text
}

function character(value: PyValue): string {
  if (typeof value === 'string' && codePoints(value) === 1) return value
  if (typeof value !== 'number' && typeof value !== 'boolean')
    throw new PythonError('TypeError', '%c requires int or char')
  const code = Number(value)
  if (code < 0 || code > 0x10ffff) throw new PythonError('OverflowError', '%c arg not in range(0x110000)')
  return String.fromCodePoint(code)
}

function padded(sign: string, body: string, flags: string, width: number): string {
  const missing = Math.max(0, width - codePoints(sign + body))
  if (flags.includes('-')) return sign + body + ' '.repeat(missing)
  if (!flags.includes('0')) return ' '.repeat(missing) + sign + body
  const [, prefix = '', digits = ''] = /^(0[xXo](?=.))?(.*)$/s.exec(body)!
  return sign + prefix + '0'.repeat(missing) + digits
}
