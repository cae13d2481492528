import { checkWidth } from '../budget/budget.js'
import { PythonError } from '../values/python-error.js'
import { exactNumber, PyFloat, PyObject, type PyValue, typeName } from '../values/value.js'
import { floatBody, grouped } from './number-format.js'
import { codePoints, pyStr } from './text.js'

interface Spec {
  readonly fill: string
  readonly align: string
  readonly sign: string
  readonly negativeZero: boolean
  readonly alternate: boolean
  readonly zero: boolean
  readonly width: number
  readonly separator: string
  readonly precision: number | null
  readonly type: string
}

const pattern = /^(?:([\s\S])?([<>=^]))?([-+ ])?(z)?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?$/u

function parse(spec: string, value: PyValue): Spec {
  const found = pattern.exec(spec)
  if (found === null)
    throw new PythonError('ValueError', `Invalid format specifier '${spec}' for object of type '${typeName(value)}'`)
  const [, fill, align, sign = '', negativeZero, alternate, zero, width, separator = '', precision, type = ''] = found
  return {
    fill:
      fill ?? (zero !== undefined && align === undefined ? '0' : zero !== undefined && fill === undefined ? '0' : ' '),
    align: align ?? '',
    sign,
    negativeZero: negativeZero !== undefined,
    alternate: alternate !== undefined,
    zero: zero !== undefined,
    width: checkWidth(Number(width ?? 0)),
    separator,
    precision: precision === undefined ? null : checkWidth(Number(precision)),
    type,
  }
}

/** format(value, spec): Python's mini-language for texts, ints, floats and bools; other values take no spec. Throws PythonError. */
export function formatValue(value: PyValue, spec: string): string {
  if (spec === '') return pyStr(value)
  if (value instanceof PyObject && typeof value.format === 'function') return value.format(spec)
  if (typeof value === 'string') return formatText(value, parse(spec, value))
  const number = exactNumber(value)
  if (number === null)
    throw new PythonError('TypeError', `unsupported format string passed to ${typeName(value)}.__format__`)
  const parsed = parse(spec, value)
  if (value instanceof PyFloat) return formatFloat(value.value, parsed)
  return formatInt(BigInt(number), parsed, number)
}

function formatText(text: string, spec: Spec): string {
  const wrong = spec.sign !== '' || spec.align === '=' || spec.separator !== '' || spec.alternate || spec.negativeZero
  if (wrong || (spec.type !== '' && spec.type !== 's'))
    throw new PythonError('ValueError', `this format code is not for object of type 'str'`)
  const cut = spec.precision === null ? text : [...text].slice(0, spec.precision).join('')
  return pad(cut, spec, '<')
}

function pad(text: string, { fill, align, width }: Spec, fallback: string): string {
  const missing = Math.max(0, width - codePoints(text))
  switch (align || fallback) {
    case '<':
      return text + fill.repeat(missing)
    case '^': {
      const left = Math.floor(missing / 2)
      return fill.repeat(left) + text + fill.repeat(missing - left)
    }
    default:
      return fill.repeat(missing) + text
  }
}

/** Sign, prefix and digits put together; with '=' the padding stands between sign and digits. */
function assemble(sign: string, prefix: string, body: string, spec: Spec, size: number): string {
  const head = sign + prefix
  const inside = spec.align === '=' || (spec.zero && spec.align === '')
  if (!inside) return pad(head + grouped(body, spec.separator, size, 0), spec, '>')
  const room = spec.width - head.length
  if (spec.fill === '0') return head + grouped(body, spec.separator, size, room)
  const text = grouped(body, spec.separator, size, 0)
  return head + spec.fill.repeat(Math.max(0, room - text.length)) + text
}

function signOf(negative: boolean, spec: Spec): string {
  return negative ? '-' : spec.sign === '-' ? '' : spec.sign
}

const radixes: Readonly<Record<string, readonly [radix: number, prefix: string]>> = {
  b: [2, '0b'],
  o: [8, '0o'],
  x: [16, '0x'],
  X: [16, '0X'],
}

function formatInt(value: bigint, spec: Spec, number: number | bigint): string {
  const { type } = spec
  if (type !== '' && 'eEfFgG%'.includes(type)) return formatFloat(Number(number), spec)
  if (spec.precision !== null) throw new PythonError('ValueError', 'Precision not allowed in integer format specifier')
  if (spec.negativeZero)
    throw new PythonError('ValueError', 'Negative zero coercion (z) not allowed in format specifier with integer')
  const size = value < 0n ? -value : value
  if (type === 'c') {
    if (spec.sign !== '' || spec.alternate || spec.separator !== '')
      throw new PythonError(
        'ValueError',
        "Sign, alternate form and separators are not allowed with format specifier 'c'",
      )
    if (value < 0n || value > 0x10ffffn) throw new PythonError('OverflowError', '%c arg not in range(0x110000)')
    return pad(
      String.fromCodePoint(Number(value)),
      spec.zero && spec.align === '' ? { ...spec, align: '>' } : spec,
      '<',
    )
  }
  if (type === 'n' && spec.separator !== '')
    throw new PythonError('ValueError', `Cannot specify '${spec.separator}' with 'n'.`)
  if (type === '' || type === 'd' || type === 'n')
    return assemble(signOf(value < 0n, spec), '', size.toString(), spec, 3)
  const radix = radixes[type]
  if (radix === undefined) throw new PythonError('ValueError', `Unknown format code '${type}' for object of type 'int'`)
  if (spec.separator === ',') throw new PythonError('ValueError', `Cannot specify ',' with '${type}'.`)
  const digits = size.toString(radix[0])
  const body = type === 'X' ? digits.toUpperCase() : digits
  return assemble(signOf(value < 0n, spec), spec.alternate ? radix[1] : '', body, spec, 4)
}

function formatFloat(value: number, spec: Spec): string {
  const { type } = spec
  if (type !== '' && !'eEfFgGn%'.includes(type))
    throw new PythonError('ValueError', `Unknown format code '${type}' for object of type 'float'`)
  if (type === 'n' && spec.separator !== '')
    throw new PythonError('ValueError', `Cannot specify '${spec.separator}' with 'n'.`)
  let negative = value < 0 || Object.is(value, -0)
  let body: string
  if (Number.isFinite(value)) {
    body = floatBody(value, type === 'n' ? 'g' : type, spec.precision, spec.alternate)
    if (spec.negativeZero && /^[0.]*(e|%|$)/.test(body)) negative = false
  } else body = (Number.isNaN(value) ? 'nan' : 'inf') + (type === '%' ? '%' : '')
  if (Number.isNaN(value)) negative = false
  if ('EFG'.includes(type || '-')) body = body.toUpperCase()
  if (!Number.isFinite(value)) return assembleWord(signOf(negative, spec), body, spec)
  return assemble(signOf(negative, spec), '', body, spec, 3)
}

/** inf and nan are padded like digits but never grouped. */
function assembleWord(sign: string, word: string, spec: Spec): string {
  const inside = spec.align === '=' || (spec.zero && spec.align === '')
  if (!inside) return pad(sign + word, spec, '>')
  return sign + spec.fill.repeat(Math.max(0, spec.width - sign.length - word.length)) + word
}
