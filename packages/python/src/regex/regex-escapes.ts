import { whiteSpace } from '../text/text.js'

/** Control characters by the letter of their escape. */
export const controls: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 }
const word = '\\p{L}\\p{N}_'

/** \d, \w, \s and their opposites as a class, of ASCII or of Unicode; null for other letters. */
export function characterSet(letter: string, ascii: boolean): string | null {
  const sets: Readonly<Record<string, string>> = ascii
    ? { d: '0-9', w: 'A-Za-z0-9_', s: ' \\t-\\r' }
    : { d: '\\p{Nd}', w: word, s: whiteSpace }
  const body = sets[letter.toLowerCase()]
  if (body === undefined) return null
  return letter === letter.toLowerCase() ? `[${body}]` : `[^${body}]`
}

/** The character that an escape stands for (`rest` is what follows the backslash) and the escape's length; null for sets, anchors and references. */
export function escapedCode(rest: string, inClass: boolean): { value: number; length: number } | null {
  const hexadecimal = /^(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8}))/.exec(rest)
  if (hexadecimal)
    return {
      value: Number.parseInt(hexadecimal[1] ?? hexadecimal[2] ?? hexadecimal[3]!, 16),
      length: hexadecimal[0].length,
    }
  const octal = (inClass ? /^[0-7]{1,3}/ : /^(?:0[0-7]{0,2}|[1-3][0-7]{2})/).exec(rest)
  if (octal) return { value: Number.parseInt(octal[0], 8), length: octal[0].length }
  const letter = rest[0] ?? ''
  if (inClass && letter === 'b') return { value: 8, length: 1 }
  if (letter in controls) return { value: controls[letter]!, length: 1 }
  if (letter === '' || /[A-Za-z0-9]/.test(letter)) return null
  const value = rest.codePointAt(0)!
  return { value, length: value > 0xffff ? 2 : 1 }
}

/** A character that stands for itself inside and outside of classes. */
export function literal(code: number): string {
  const character = String.fromCodePoint(code)
  return /^[A-Za-z0-9]$/.test(character) || code > 0x7f ? character : `\\u{${code.toString(16)}}`
}
