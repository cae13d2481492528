import { exponentDigits, fixedDigits } from './float-digits.js'
import { floatRepr } from './text.js'

function exponentText(exponent: number): string {
  return `e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

/**
 * A finite float's magnitude by a presentation type: e, f, g, % or '' (repr, or like g with a point when a precision is given). `alternate` is the
 * flag '#': keep the point and trailing zeros.
 */
export function floatBody(value: number, type: string, precision: number | null, alternate: boolean): string {
  const size = Math.abs(value)
  switch (type) {
    case 'e':
    case 'E': {
      const { digits, exponent } = exponentDigits(size, precision ?? 6)
      const point = digits.length > 1 || alternate ? '.' : ''
      return `${digits[0]}${point}${digits.slice(1)}${exponentText(exponent)}`
    }
    case 'f':
    case 'F':
      return fixedDigits(size, precision ?? 6) + (alternate && precision === 0 ? '.' : '')
    case '%':
      return `${fixedDigits(size * 100, precision ?? 6)}${alternate && precision === 0 ? '.' : ''}%`
    case '':
      if (precision === null) return floatRepr(size)
      return general(size, precision || 1, alternate, true)
    default:
      return general(size, precision === null ? 6 : precision || 1, alternate, false)
  }
}

function general(size: number, precision: number, alternate: boolean, withPoint: boolean): string {
  const { digits: all, exponent } = exponentDigits(size, precision - 1)
  const digits = alternate ? all : all.replace(/0+$/, '') || '0'
  if (exponent < -4 || exponent >= precision - Number(withPoint)) {
    const point = digits.length > 1 || alternate ? '.' : ''
    return `${digits[0]}${point}${digits.slice(1)}${exponentText(exponent)}`
  }
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  const rest = digits.slice(exponent + 1)
  if (rest !== '') return `${whole}.${rest}`
  return whole + (alternate ? '.' : withPoint ? '.0' : '')
}

/** Separators between groups of digits of what stands before a point, padded with zeros to a width where one is given. */
export function grouped(body: string, separator: string, size: number, width: number): string {
  const [, whole = '', rest = ''] = /^([\da-fA-F]*)(.*)$/.exec(body)!
  let digits = whole
  let text = separate(digits, separator, size)
  while (text.length + rest.length < width) {
    digits = `0${digits}`
    text = separate(digits, separator, size)
  }
  return text + rest
}

function separate(digits: string, separator: string, size: number): string {
  if (separator === '') return digits
  const first = digits.length % size
  const groups = first === 0 ? [] : [digits.slice(0, first)]
  for (let at = first; at < digits.length; at += size) groups.push(digits.slice(at, at + size))
  return groups.join(separator)
}
