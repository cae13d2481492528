import { Unsupported } from './unsupported.js'

/** A token of Python source; strings keep their prefix and quotes. */
export interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'operator' | 'newline' | 'indent' | 'dedent' | 'end'
  readonly text: string
  readonly line: number
  /** Place of the token in the source. */
  readonly start: number
}

const name = /[\p{L}_][\p{L}\p{N}\p{M}_]*/uy
const number = /(?:0[xX][\da-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)/y
const string = /[rRbBfFuU]{0,2}('''|"""|'|")/y
const operator = /\*\*=|\/\/=|>>=|<<=|\.\.\.|\*\*|\/\/|->|:=|[-+*/%&|^=!<>]=|<<|>>|[-+*/%&|^~<>()[\]{},:.;=@]/y
const blank = /[ \t\f]*(?:#[^\n]*)?/y

/** Splits Python source into tokens. Throws Unsupported for text that is no Python. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = []
  const indents = [0]
  let depth = 0
  let line = 1
  let at = 0
  const push = (kind: Token['kind'], text: string) => tokens.push({ kind, text, line, start: at })
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at
    const found = pattern.exec(source)
    return found === null ? null : found[0]
  }
  while (at < source.length) {
    const lineStart = at === 0 || source[at - 1] === '\n'
    if (lineStart && depth === 0 && tokens.at(-1)?.text !== '\\') {
      const space = take(/[ \t\f]*/y)!
      const rest = source.slice(at + space.length, at + space.length + 1)
      at += space.length
      if (rest !== '\n' && rest !== '#' && rest !== '\r' && rest !== '') {
        const width = space.replaceAll('\t', '        ').length
        if (width > indents.at(-1)!) {
          indents.push(width)
          push('indent', '')
        }
        while (width < indents.at(-1)!) {
          indents.pop()
          push('dedent', '')
        }
      }
    }
    at += take(blank)!.length
    const character = source[at]
    if (character === undefined) break
    if (character === '\n' || character === '\r') {
      if (character === '\n') {
        if (depth === 0 && tokens.length > 0 && !['newline', 'indent', 'dedent'].includes(tokens.at(-1)!.kind))
          push('newline', '\n')
        line++
      }
      at++
      continue
    }
    if (character === '\\' && /^\\\r?\n/.test(source.slice(at, at + 3))) {
      at = source.indexOf('\n', at) + 1
      line++
      // the next line goes on with this one, whatever its indentation
      at += take(/[ \t\f]*/y)!.length
      if (source[at - 1] === '\n') throw new Unsupported('a continued line without indentation')
      continue
    }
    const quoted = take(string)
    if (quoted !== null) {
      const text = wholeString(source, at, quoted)
      push('string', text)
      line += text.split('\n').length - 1
      at += text.length
      continue
    }
    const word = take(name)
    if (word !== null) {
      push('name', word)
      at += word.length
      continue
    }
    const digits = /[\d.]/.test(character) ? take(number) : null
    if (digits !== null && digits !== '.') {
      push('number', digits)
      at += digits.length
      continue
    }
    const sign = take(operator)
    if (sign === null) throw new Unsupported(`the character ${character}`)
    if ('([{'.includes(sign)) depth++
    if (')]}'.includes(sign)) depth--
    push('operator', sign)
    at += sign.length
  }
  if (tokens.at(-1)?.kind !== 'newline') push('newline', '\n')
  for (; indents.length > 1; indents.pop()) push('dedent', '')
  push('end', '')
  return tokens
}

function wholeString(source: string, start: number, opening: string): string {
  const quotes = /['"]+$/.exec(opening)![0]
  let at = start + opening.length
  while (!source.startsWith(quotes, at)) {
    if (at >= source.length || (quotes.length === 1 && source[at] === '\n')) throw new Unsupported('an open string')
    at += source[at] === '\\' ? 2 : 1
  }
  return source.slice(start, at + quotes.length)
}
