import type { Token } from './tokens.js'
import { Unsupported } from './unsupported.js'

/** A place in a list of tokens, which moves on as they are taken. Throws Unsupported where another token must come. */
export class TokenCursor {
  protected at = 0

  constructor(readonly tokens: readonly Token[]) {}

  /** The token that comes; the last one where none is left. */
  protected get peek(): Token {
    return this.tokens[Math.min(this.at, this.tokens.length - 1)]!
  }

  /** Whether a statement ends here. */
  protected get atEnd(): boolean {
    return this.peek.kind === 'newline' || this.peek.kind === 'end' || this.is(';')
  }

  /** Takes the token that comes. */
  protected next(): Token {
    const token = this.peek
    this.at++
    return token
  }

  /** Whether a word or sign comes. */
  protected is(text: string): boolean {
    return this.peek.text === text && this.peek.kind !== 'string'
  }

  /** Takes a word or sign if it comes. */
  protected take(text: string): boolean {
    if (!this.is(text)) return false
    this.at++
    return true
  }

  /** Takes a word or sign that must come. */
  protected expect(text: string): Token {
    if (this.is(text)) return this.next()
    throw new Unsupported(`${JSON.stringify(this.peek.text)} in line ${this.peek.line}`)
  }

  /** Takes a token that must be of a kind. */
  protected expectKind(kind: Token['kind']): void {
    if (this.peek.kind !== kind) throw new Unsupported(`line ${this.peek.line}`)
    this.at++
  }
}
