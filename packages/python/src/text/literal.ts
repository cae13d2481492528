import { intOf, PyFloat, type PyValue } from '../values/value.js'
import { literalText } from './string-escapes.js'

/**
 * ast.literal_eval for the values that templates print: texts, numbers, lists, tuples (read as lists), dicts, True, False, None. Throws
 * SyntaxError for anything else.
 */
export function literalEval(text: string): PyValue {
  try {
    return new LiteralParser(text.replace(/^[ \t]+/, '')).whole()
  } catch (error) {
    throw error instanceof RangeError ? new SyntaxError('too many nested parentheses') : error
  }
}

const number =
  /[+-]?(?:(\d[\d_]*\.[\d_]*|\.\d[\d_]*)([eE][+-]?\d+)?|\d[\d_]*([eE][+-]?\d+)|0[xX][\da-fA-F_]+|\d[\d_]*)/y
const words: readonly (readonly [string, PyValue])[] = [
  ['None', null],
  ['True', true],
  ['False', false],
]

class LiteralParser {
  #at = 0
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  whole(): PyValue {
    const value = this.#value()
    if (this.#peek() !== undefined) throw this.#error()
    return value
  }

  #value(): PyValue {
    const first = this.#peek()
    if (first === '[') return this.#sequence(']')
    if (first === '(') return this.#parenthesis()
    if (first === '{') return this.#dict()
    if (first === "'" || first === '"') return this.#texts()
    for (const [word, value] of words) {
      if (this.#text.startsWith(word, this.#at) && !/[\w.]/.test(this.#text[this.#at + word.length] ?? '')) {
        this.#at += word.length
        return value
      }
    }
    return this.#number()
  }

  #number(): PyValue {
    number.lastIndex = this.#at
    const found = number.exec(this.#text)
    if (found === null || /[\w.]/.test(this.#text[number.lastIndex] ?? '')) throw this.#error()
    this.#at = number.lastIndex
    const digits = found[0].replaceAll('_', '')
    if (found[1] !== undefined || found[3] !== undefined) return new PyFloat(Number(digits))
    if (/^[+-]?0\d*[1-9]/.test(digits)) throw this.#error()
    return intOf(digits.replace(/^\+/, ''))
  }

  /** Items up to the closing bracket; a comma may stand after the last one. */
  #sequence(close: string): PyValue[] {
    const items: PyValue[] = []
    this.#at++
    while (this.#peek() !== close) {
      items.push(this.#value())
      if (this.#peek() === ',') this.#at++
      else if (this.#peek() !== close) throw this.#error()
    }
    this.#at++
    return items
  }

  #parenthesis(): PyValue {
    const start = this.#at
    const items = this.#sequence(')')
    const tuple = items.length !== 1 || /,\s*\)$/.test(this.#text.slice(start, this.#at))
    return tuple ? items : items[0]!
  }

  #dict(): PyValue {
    const dict = new Map<string, PyValue>()
    this.#at++
    while (this.#peek() !== '}') {
      const key = this.#value()
      if (typeof key !== 'string' || this.#peek() !== ':') throw this.#error()
      this.#at++
      dict.set(key, this.#value())
      if (this.#peek() === ',') this.#at++
      else if (this.#peek() !== '}') throw this.#error()
    }
    this.#at++
    return dict
  }

  /** Texts side by side are one text. */
  #texts(): string {
    let joined = ''
    for (let quote = this.#peek(); quote === "'" || quote === '"'; quote = this.#peek()) joined += this.#string(quote)
    return joined
  }

  #string(quote: string): string {
    const triple = this.#text.startsWith(quote.repeat(3), this.#at)
    const end = triple ? quote.repeat(3) : quote
    this.#at += end.length
    const start = this.#at
    while (!this.#text.startsWith(end, this.#at)) {
      const unit = this.#text[this.#at]
      if (unit === undefined || (unit === '\n' && !triple)) throw this.#error()
      this.#at += unit === '\\' ? 2 : 1
    }
    const text = literalText(this.#text.slice(start, this.#at))
    if (text === null) throw this.#error()
    this.#at += end.length
    return text
  }

  #peek(): string | undefined {
    while (/[ \t\n\r\f]/.test(this.#text[this.#at] ?? '')) this.#at++
    return this.#text[this.#at]
  }

  #error(): SyntaxError {
    return new SyntaxError(`not a Python literal at position ${this.#at}`)
  }
}
