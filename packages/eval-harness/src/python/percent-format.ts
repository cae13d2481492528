import { pyRepr, pyStr } from './text.js'
import { isDict, numberOf, PyTuple, type PyValue, typeName } from './value.js'

const conversion = /%(?:\((\w*)\))?([-+ 0#]*)(\d*)(?:\.(\d*))?([a-zA-Z%])/g

/** template % values: %s, %r, %d, %i, %f, %F, %e, %g, %x, %X, %o, %c, %% with flags, width and precision. Throws TypeError as Python does. */
export function percentFormat(template: string, values: PyValue): string {
  const list: readonly PyValue[] = values instanceof PyTuple ? values : [values]
  let next = 0
  const text = template.replace(
    conversion,
    (_, key: string | undefined, flags: string, width: string, precision, kind) => {
      if (kind === '%') return '%'
      const value = key === undefined ? list[next++] : isDict(values) ? values.get(key) : undefined
      if (value === undefined) throw new TypeError('not enough arguments for format string')
      return padded(
        converted(value, kind, flags, precision === undefined ? null : Number(precision || 0)),
        flags,
        Number(width || 0),
      )
    },
  )
  if (next < list.length && !isDict(values)) throw new TypeError('not all arguments converted during string formatting')
  return text
}

function converted(value: PyValue, kind: string, flags: string, precision: number | null): string {
  if (kind === 's' || kind === 'r' || kind === 'a') {
    const text = kind === 's' ? pyStr(value) : pyRepr(value)
    return precision === null ? text : [...text].slice(0, precision).join('')
  }
  if (kind === 'c') return typeof value === 'string' ? value : String.fromCodePoint(numberOf(value)!)
  const number = numberOf(value)
  if (number === null) throw new TypeError(`%${kind} format: a real number is required, not ${typeName(value)}`)
  const sign = number >= 0 ? (/[+ ]/.exec(flags)?.[0] ?? '') : ''
  return sign + digits(typeof value === 'bigint' ? value : number, kind, precision)
}

function digits(number: number | bigint, kind: string, precision: number | null): string {
  switch (kind) {
    case 'd':
    case 'i':
    case 'u':
      return String(typeof number === 'bigint' ? number : Math.trunc(number))
    case 'x':
      return number.toString(16)
    case 'X':
      return number.toString(16).toUpperCase()
    case 'o':
      return number.toString(8)
    case 'f':
    case 'F':
      return Number(number).toFixed(precision ?? 6)
    case 'e':
      return Number(number)
        .toExponential(precision ?? 6)
        .replace(/e([+-])(\d)$/, 'e$10$2')
    default:
      throw new TypeError(`unsupported format character '${kind}'`)
  }
}

function padded(text: string, flags: string, width: number): string {
  const missing = Math.max(0, width - [...text].length)
  if (flags.includes('-')) return text + ' '.repeat(missing)
  if (!flags.includes('0')) return ' '.repeat(missing) + text
  const sign = /^[+ -]/.exec(text)?.[0] ?? ''
  return sign + '0'.repeat(missing) + text.slice(sign.length)
}
