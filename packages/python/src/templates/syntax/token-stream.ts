import { PythonError } from '../../values/python-error.js'
import type { Token } from './lexer.js'

/** Tokens one after the other; a test is a type, or a name as in `name:endif`. */
export class TokenStream {
  #at = 0

  constructor(readonly tokens: readonly Token[]) {}

  get current(): Token {
    return this.tokens[Math.min(this.#at, this.tokens.length - 1)]!
  }

  look(): Token {
    return this.tokens[Math.min(this.#at + 1, this.tokens.length - 1)]!
  }

  /** The current token; the next one becomes current. */
  next(): Token {
    const token = this.current
    this.#at++
    return token
  }

  skip(count = 1): void {
    this.#at += count
  }

  test(wanted: string, token: Token = this.current): boolean {
    const colon = wanted.indexOf(':')
    if (colon < 0) return token.type === wanted
    return token.type === wanted.slice(0, colon) && token.text === wanted.slice(colon + 1)
  }

  testAny(wanted: readonly string[]): boolean {
    return wanted.some((one) => this.test(one))
  }

  skipIf(wanted: string): boolean {
    const found = this.test(wanted)
    if (found) this.#at++
    return found
  }

  expect(wanted: string): Token {
    if (!this.test(wanted)) {
      const what = wanted.replace(/^name:/, '')
      throw this.error(
        this.current.type === 'eof'
          ? `unexpected end of template, expected '${what}'.`
          : `expected token '${what}', got '${describe(this.current)}'`,
      )
    }
    return this.next()
  }

  error(message: string, line = this.current.line, exception = 'TemplateSyntaxError'): PythonError {
    return new PythonError(exception, `${message} (line ${line})`)
  }
}

/** A token for messages. */
export function describe(token: Token): string {
  if (token.type === 'eof') return 'end of template'
  if (token.type === 'variable_end') return 'end of print statement'
  if (token.type === 'block_end') return 'end of statement block'
  return token.text === '' ? token.type : token.text
}
