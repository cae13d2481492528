import { PythonError } from '../values/python-error.js'
import { isDict, PyFloat, PyObject, PyTuple, type PyValue } from '../values/value.js'

/** repr(float): the shortest digits that give the number back, with Python's choice of notation. */
export function floatRepr(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (Object.is(value, -0)) return '-0.0'
  const [mantissa, exponentText] = value.toExponential().split('e') as [string, string]
  const exponent = Number(exponentText)
  // Python writes an exponent below 1e-4 and from 1e16 on
  if (exponent < -4 || exponent >= 16) {
    const digits = Math.abs(exponent).toString().padStart(2, '0')
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${digits}`
  }
  const text = String(value)
  return text.includes('e') ? `${BigInt(value).toString()}.0` : text.includes('.') ? text : `${text}.0`
}

/** str(value) */
export function pyStr(value: PyValue): string {
  if (typeof value === 'string') return value
  return value instanceof PyObject ? value.str() : pyRepr(value)
}

/** repr(value) */
export function pyRepr(value: PyValue): string {
  if (value === null) return 'None'
  if (value === true) return 'True'
  if (value === false) return 'False'
  if (value instanceof PyFloat) return floatRepr(value.value)
  if (typeof value === 'string') return textRepr(value)
  if (value instanceof PyTuple) return `(${[...value].map(pyRepr).join(', ')}${value.length === 1 ? ',' : ''})`
  if (Array.isArray(value)) return `[${value.map(pyRepr).join(', ')}]`
  if (value instanceof PyObject) return value.repr()
  if (isDict(value)) return `{${[...value].map(([key, item]) => `${pyRepr(key)}: ${pyRepr(item)}`).join(', ')}}`
  return typeof value === 'bigint' ? longRepr(value) : String(value)
}

/** Python refuses to write ints of more than 4300 digits. */
function longRepr(value: bigint): string {
  const text = value.toString()
  if (text.length - Number(value < 0n) > 4300)
    throw new PythonError('ValueError', 'Exceeds the limit (4300 digits) for integer string conversion')
  return text
}

const namedEscapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** repr(str): single quotes unless the text has some and no double ones; what cannot be printed is escaped. */
function textRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  let result = ''
  for (const character of text) {
    if (character === quote) result += `\\${quote}`
    else if (namedEscapes[character]) result += namedEscapes[character]
    else if (character !== ' ' && /[\p{C}\p{Z}]/u.test(character)) result += escaped(character.codePointAt(0)!)
    else result += character
  }
  return quote + result + quote
}

function escaped(code: number): string {
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`
  return `\\U${code.toString(16).padStart(8, '0')}`
}

/** The characters that str.strip() and str.split() take for white space (str.isspace). */
export const whiteSpace = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
const leading = new RegExp(`^[${whiteSpace}]+`)
const trailing = new RegExp(`[${whiteSpace}]+$`)

/** str.strip, lstrip, rstrip: of white space, or of any of the given characters. */
export function strip(text: string, side: 'both' | 'left' | 'right', characters: string | null = null): string {
  if (characters === null) {
    const start = side === 'right' ? text : text.replace(leading, '')
    return side === 'left' ? start : start.replace(trailing, '')
  }
  const set = new Set(characters)
  const list = [...text]
  let from = 0
  let to = list.length
  if (side !== 'right') while (from < to && set.has(list[from]!)) from++
  if (side !== 'left') while (to > from && set.has(list[to - 1]!)) to--
  return list.slice(from, to).join('')
}

/** A run of white space: what `\s+` matches in Python. */
export const whiteSpaceRun = new RegExp(`[${whiteSpace}]+`)

/** str.split(): the words between white space. */
export function splitWords(text: string): string[] {
  return text.split(whiteSpaceRun).filter((word) => word !== '')
}

/** Python's order of texts; JavaScript's differs beyond U+FFFF. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)]
    // halves of code points beyond U+FFFF come after all others
    if (left !== right) return left - right + 0x10000 * (Number(isHalf(left)) - Number(isHalf(right)))
  }
  return a.length - b.length
}

function isHalf(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xe000
}

/** Number of code points: len(str). */
export function codePoints(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}
