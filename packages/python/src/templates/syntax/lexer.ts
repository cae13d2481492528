import { literalText } from '../../text/string-escapes.js'
import { PythonError } from '../../values/python-error.js'
import { intOf, PyFloat, type PyValue } from '../../values/value.js'
import type { SyntaxOptions } from './template-options.js'

// Jinja's lexer (jinja2/lexer.py) for its default delimiters: the same rules in the same order.

/** A token; `type` is Jinja's name of it, `text` what stands there, `value` of a literal. */
export interface Token {
  readonly type: string
  readonly text: string
  readonly line: number
  readonly value?: PyValue
}

const space = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
const S = `[${space}]`
const sticky = (source: string, flags = '') => new RegExp(source, `y${flags}`)
const onlySpace = new RegExp(`^${S}+$`)
const trailingSpace = new RegExp(`${S}+$`)

const whitespace = sticky(`${S}+`)
const float = sticky(
  '(?<!\\.)(?:\\p{Nd}+_)*\\p{Nd}+(?:(?:\\.(?:\\p{Nd}+_)*\\p{Nd}+)?[eE][+\\-]?(?:\\p{Nd}+_)*\\p{Nd}+|\\.(?:\\p{Nd}+_)*\\p{Nd}+)',
  'u',
)
const integer = sticky('0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[\\da-fA-F])+|[1-9](?:_?\\p{Nd})*|0(?:_?0)*', 'u')
const name = sticky('[\\p{L}\\p{M}\\p{N}\\p{Pc}\\xb7\\u0387\\u1369-\\u1371\\u19da\\u2118\\u212e\\u309b\\u309c_]+', 'u')
const string = sticky(`'([^'\\\\]*(?:\\\\[\\s\\S][^'\\\\]*)*)'|"([^"\\\\]*(?:\\\\[\\s\\S][^"\\\\]*)*)"`)
const operator = sticky('//|\\*\\*|==|!=|>=|<=|[-+/*%~\\[\\](){}><=.:|,;]')

const operators: Readonly<Record<string, string>> = {
  '+': 'add',
  '-': 'sub',
  '/': 'div',
  '//': 'floordiv',
  '*': 'mul',
  '%': 'mod',
  '**': 'pow',
  '~': 'tilde',
  '[': 'lbracket',
  ']': 'rbracket',
  '(': 'lparen',
  ')': 'rparen',
  '{': 'lbrace',
  '}': 'rbrace',
  '==': 'eq',
  '!=': 'ne',
  '>': 'gt',
  '>=': 'gteq',
  '<': 'lt',
  '<=': 'lteq',
  '=': 'assign',
  '.': 'dot',
  ':': 'colon',
  '|': 'pipe',
  ',': 'comma',
  ';': 'semicolon',
}
const closers: Readonly<Record<string, string>> = { '{': '}', '(': ')', '[': ']' }

// raw comes first: it begins like a block
const opening = new RegExp(`\\{%([-+]?)${S}*raw${S}*(?:-%\\}${S}*|%\\})|\\{%([-+]?)|\\{\\{([-+]?)|\\{#([-+]?)`, 'g')

/** The tokens of a template. Throws PythonError (TemplateSyntaxError). */
export function tokenize(template: string, options: SyntaxOptions): Token[] {
  return new Lexer(template, options).tokens()
}

class Lexer {
  readonly #source: string
  readonly #tokens: Token[] = []
  #at = 0
  #line = 1
  /** Whether what comes next begins a line, as far as lstrip_blocks is concerned. */
  #lineStarts = true
  readonly #options: SyntaxOptions
  readonly #suffix: string

  constructor(template: string, options: SyntaxOptions) {
    const lines = template.split(/\r\n|\r|\n/)
    if (!options.keepTrailingNewline && lines.at(-1) === '') lines.pop()
    this.#source = lines.join('\n')
    this.#options = options
    this.#suffix = options.trimBlocks ? '\\n?' : ''
  }

  tokens(): Token[] {
    while (this.#at < this.#source.length) this.#root()
    this.#push('eof', '')
    return this.#tokens
  }

  #root(): void {
    opening.lastIndex = this.#at
    const found = opening.exec(this.#source)
    if (found === null) {
      this.#data(this.#source.slice(this.#at))
      this.#at = this.#source.length
      return
    }
    const isRaw = found[1] !== undefined
    const isVariable = found[3] !== undefined
    const sign = found.slice(1).find((group) => group !== undefined)!
    this.#stripped(this.#source.slice(this.#at, found.index), sign, isVariable)
    this.#move(found.index + found[0].length, found[0])
    if (isRaw) this.#raw()
    else if (found[2] !== undefined) this.#tag('block')
    else if (isVariable) this.#tag('variable')
    else this.#comment()
  }

  /** Text before a tag, with the blanks gone that the tag's sign or lstrip_blocks takes. */
  #stripped(text: string, sign: string, isVariable: boolean): void {
    let kept = text
    if (sign === '-') kept = text.replace(trailingSpace, '')
    else if (sign !== '+' && this.#options.lstripBlocks && !isVariable) {
      const from = text.lastIndexOf('\n') + 1
      if ((from > 0 || this.#lineStarts) && onlySpace.test(text.slice(from))) kept = text.slice(0, from)
    }
    this.#data(kept)
    // lines of the text that went count as well
    this.#line += count(text) - count(kept)
  }

  #data(text: string): void {
    if (text !== '') this.#push('data', text)
    this.#line += count(text)
  }

  #comment(): void {
    const end = this.#find(`(?:\\+#\\}|-#\\}${S}*|#\\}${this.#suffix})`)
    if (end === null) throw this.#error('Missing end of comment tag')
    this.#line += count(this.#source.slice(this.#at, end.index))
    this.#move(end.index + end[0].length, end[0])
  }

  #raw(): void {
    const end = this.#find(`\\{%([-+]?)${S}*endraw${S}*(?:\\+%\\}|-%\\}${S}*|%\\}${this.#suffix})`)
    if (end === null) throw this.#error('Missing end of raw directive')
    this.#stripped(this.#source.slice(this.#at, end.index), end[1]!, false)
    this.#move(end.index + end[0].length, end[0])
  }

  #find(pattern: string): RegExpExecArray | null {
    const found = new RegExp(pattern, 'g')
    found.lastIndex = this.#at
    return found.exec(this.#source)
  }

  #tag(kind: 'block' | 'variable'): void {
    this.#push(`${kind}_begin`, '')
    const end = sticky(kind === 'block' ? `\\+%\\}|-%\\}${S}*|%\\}${this.#suffix}` : `-\\}\\}${S}*|\\}\\}`)
    const open: string[] = []
    while (true) {
      const close = open.length === 0 ? this.#match(end) : null
      if (close !== null) {
        this.#push(`${kind}_end`, close)
        this.#move(this.#at + close.length, close)
        return
      }
      if (this.#at >= this.#source.length) return
      this.#token(open)
    }
  }

  #token(open: string[]): void {
    const blank = this.#match(whitespace)
    if (blank !== null) {
      this.#take(blank, null)
      return
    }
    const point = this.#match(float)
    if (point !== null) {
      this.#take(point, 'float', new PyFloat(Number(ascii(point))))
      return
    }
    const whole = this.#match(integer)
    if (whole !== null) {
      this.#take(whole, 'integer', wholeNumber(ascii(whole)))
      return
    }
    const word = this.#match(name)
    if (word !== null) {
      if (!/^[\p{XID_Start}_]\p{XID_Continue}*$/u.test(word)) throw this.#error('Invalid character in identifier')
      this.#take(word, 'name', word)
      return
    }
    const quoted = this.#match(string)
    if (quoted !== null) {
      const text = literalText(quoted.slice(1, -1))
      if (text === null) throw this.#error('a text literal holds a broken escape')
      this.#take(quoted, 'string', text)
      return
    }
    const sign = this.#match(operator)
    if (sign === null) {
      const character = String.fromCodePoint(this.#source.codePointAt(this.#at)!)
      throw this.#error(`unexpected char ${JSON.stringify(character)} at ${this.#at}`)
    }
    if (closers[sign] !== undefined) open.push(closers[sign])
    else if ('})]'.includes(sign)) {
      const expected = open.pop()
      if (expected === undefined) throw this.#error(`unexpected '${sign}'`)
      if (expected !== sign) throw this.#error(`unexpected '${sign}', expected '${expected}'`)
    }
    this.#take(sign, operators[sign]!)
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at
    return pattern.exec(this.#source)?.[0] ?? null
  }

  #take(text: string, type: string | null, value?: PyValue): void {
    if (type !== null) this.#push(type, text, value)
    this.#line += count(text)
    this.#move(this.#at + text.length, text, false)
  }

  #push(type: string, text: string, value?: PyValue): void {
    this.#tokens.push({ type, text, line: this.#line, ...(value === undefined ? {} : { value }) })
  }

  #move(to: number, over: string, counts = true): void {
    if (counts) this.#line += count(over)
    this.#lineStarts = over.endsWith('\n')
    this.#at = to
  }

  #error(message: string): PythonError {
    return new PythonError('TemplateSyntaxError', `${message} (line ${this.#line})`)
  }
}

function count(text: string): number {
  let lines = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++
  return lines
}

/** Digits of other scripts as Python's int() and float() read them. */
function ascii(digits: string): string {
  return digits.replaceAll('_', '').replace(/[^\x00-\x7f]/gu, (digit) => {
    let zero = digit.codePointAt(0)!
    while (/^\p{Nd}$/u.test(String.fromCodePoint(zero - 1)) && digit.codePointAt(0)! - zero < 9) zero--
    return String(digit.codePointAt(0)! - zero)
  })
}

function wholeNumber(digits: string): PyValue {
  return /^0[xXbBoO]/.test(digits) ? intOf(BigInt(digits).toString()) : intOf(digits)
}
