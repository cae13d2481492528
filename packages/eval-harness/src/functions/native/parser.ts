import { literalEval } from '../../python/literal.js'
import type { PyValue } from '../../python/value.js'
import type { Argument, Comprehension, Expression, Handler, Parameter, Piece, Statement, Target } from './syntax.js'
import { none } from './syntax.js'
import { type Token, tokenize } from './tokens.js'
import { Unsupported } from './unsupported.js'

/**
 * A statement of a module's top level, read when it is wanted: `parse` throws Unsupported for Python that is not run natively, which in a
 * statement that nobody needs does not matter.
 */
export interface TopLevel {
  /** The first words: enough to see what it is. */
  readonly tokens: readonly Token[]
  readonly start: number
  readonly end: number
  parse(): Statement[]
}

/** The statements of a module, unread. */
export function topLevel(source: string): TopLevel[] {
  const tokens = tokenize(source)
  const statements: TopLevel[] = []
  let from = 0
  let depth = 0
  const flush = (to: number) => {
    const own = tokens.slice(from, to)
    from = to
    if (own.every(({ kind }) => kind === 'newline' || kind === 'end')) return
    const end: Token = { ...own.at(-1)!, kind: 'end', text: '' }
    const last = own.filter(({ kind }) => !['newline', 'dedent', 'end'].includes(kind)).at(-1)!
    statements.push({
      tokens: own,
      start: own[0]!.start,
      end: last.start + last.text.length,
      parse: () => new Parser([...own, end]).block(),
    })
  }
  tokens.forEach((token, index) => {
    if (token.kind === 'indent') depth++
    if (token.kind === 'dedent') depth--
    const next = tokens[index + 1]
    if (depth > 0 || next === undefined || next.kind === 'indent') return
    // else, elif, except and finally go on with what stands before them; a decorator with what follows
    if (/^(else|elif|except|finally)$/.test(next.text)) return
    if (
      token.kind === 'newline' &&
      tokens[from]?.text === '@' &&
      !tokens.slice(from, index).some(({ text }) => text === 'def' || text === 'class')
    )
      return
    if (token.kind === 'newline' || token.kind === 'dedent') flush(index + 1)
  })
  flush(tokens.length)
  return statements
}

const keywords = new Set(
  'False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield'.split(
    ' ',
  ),
)
const binaryLevels = [['|'], ['^'], ['&'], ['<<', '>>'], ['+', '-'], ['*', '/', '//', '%', '@']]
const comparisons = new Set(['==', '!=', '<', '>', '<=', '>=', 'in', 'is', 'not'])

class Parser {
  #at = 0

  constructor(readonly tokens: readonly Token[]) {}

  // --- statements

  block(): Statement[] {
    const statements: Statement[] = []
    while (this.#peek.kind !== 'end' && this.#peek.kind !== 'dedent') {
      if (this.#peek.kind === 'newline') this.#at++
      else statements.push(...this.#statement())
    }
    return statements
  }

  #statement(): Statement[] {
    const { text, line } = this.#peek
    switch (text) {
      case 'def':
        return [this.#definition()]
      case 'if':
        return [this.#if()]
      case 'for': {
        this.#at++
        const target = this.#targets()
        this.#expect('in')
        const from = this.#tuple()
        const body = this.#suite()
        if (this.#is('else')) throw new Unsupported('for … else')
        return [{ kind: 'for', target, from, body, line }]
      }
      case 'while': {
        this.#at++
        const condition = this.#expression()
        const body = this.#suite()
        if (this.#is('else')) throw new Unsupported('while … else')
        return [{ kind: 'while', condition, body, line }]
      }
      case 'try':
        return [this.#try()]
      case '@':
      case 'class':
      case 'with':
      case 'async':
      case 'global':
      case 'nonlocal':
        throw new Unsupported(text)
    }
    const statements: Statement[] = []
    do {
      if (this.#peek.kind === 'newline' || this.#peek.kind === 'end') break
      statements.push(this.#simple())
    } while (this.#take(';'))
    if (this.#peek.kind !== 'end') this.#expectKind('newline')
    return statements
  }

  #simple(): Statement {
    const { text, line } = this.#peek
    switch (text) {
      case 'return':
        this.#at++
        return { kind: 'return', value: this.#atEnd ? null : this.#tuple(), line }
      case 'pass':
      case 'break':
      case 'continue':
        this.#at++
        return { kind: text, line }
      case 'raise':
        this.#at++
        return { kind: 'raise', value: this.#expression(), line }
      case 'assert': {
        this.#at++
        const condition = this.#expression()
        if (this.#take(',')) this.#expression()
        return { kind: 'assert', condition, line }
      }
      case 'del':
        this.#at++
        return { kind: 'delete', target: this.#expression(), line }
      case 'import':
      case 'from':
        return this.#import()
    }
    const first = this.#tuple()
    if (this.#take(':')) {
      this.#expression()
      if (!this.#is('=')) return { kind: 'pass', line }
    }
    const change = /^(\*\*|\/\/|<<|>>|[-+*/%|&^])=$/.exec(this.#peek.text)
    if (change !== null) {
      this.#at++
      return { kind: 'change', target: first, operator: change[1]!, value: this.#tuple(), line }
    }
    const chain = [first]
    while (this.#take('=')) chain.push(this.#tuple())
    const value = chain.pop()!
    return chain.length === 0 ? { kind: 'expression', value, line } : { kind: 'assign', targets: chain, value, line }
  }

  #import(): Statement {
    const { line } = this.#peek
    const dotted = () => {
      let path = ''
      while (this.#is('.') || this.#is('...') || (this.#peek.kind === 'name' && !keywords.has(this.#peek.text)))
        path += this.#next().text
      return path
    }
    if (this.#take('import')) {
      const names: [null, string][] = []
      let module = ''
      do {
        module = dotted()
        names.push([null, this.#take('as') ? this.#next().text : module.split('.')[0]!])
      } while (this.#take(','))
      if (names.length > 1) throw new Unsupported('import of several modules')
      return { kind: 'import', module, names, line }
    }
    this.#expect('from')
    const module = dotted()
    this.#expect('import')
    const closed = this.#take('(')
    const names: [string, string][] = []
    do {
      if (this.#is(')')) break
      const from = this.#next().text
      names.push([from, this.#take('as') ? this.#next().text : from])
    } while (this.#take(','))
    if (closed) this.#expect(')')
    return { kind: 'import', module, names, line }
  }

  #definition(): Statement {
    const { line } = this.#next()
    const name = this.#next().text
    this.#expect('(')
    const parameters = this.#parameters(')', true)
    this.#expect(')')
    if (this.#take('->')) this.#expression()
    return { kind: 'def', name, parameters, body: this.#suite(), line }
  }

  #parameters(end: string, annotated: boolean): Parameter[] {
    const parameters: Parameter[] = []
    while (!this.#is(end)) {
      if (this.#is('*') || this.#is('**') || this.#is('/')) throw new Unsupported('star parameters')
      const name = this.#next().text
      if (annotated && this.#take(':')) this.#expression()
      parameters.push({ name, fallback: this.#take('=') ? this.#expression() : null })
      if (!this.#take(',')) break
    }
    return parameters
  }

  #suite(): Statement[] {
    this.#expect(':')
    if (this.#peek.kind !== 'newline') return this.#statement()
    this.#at++
    this.#expectKind('indent')
    const body = this.block()
    this.#expectKind('dedent')
    return body
  }

  #if(): Statement {
    const { line } = this.#next()
    const condition = this.#expression()
    const body = this.#suite()
    const otherwise = this.#is('elif') ? [this.#if()] : this.#take('else') ? this.#suite() : []
    return { kind: 'if', condition, body, otherwise, line }
  }

  #try(): Statement {
    const { line } = this.#next()
    const body = this.#suite()
    const handlers: Handler[] = []
    while (this.#take('except')) {
      let classes: string[] | null = null
      let name: string | null = null
      if (!this.#is(':')) {
        const of = this.#expression()
        classes = (of.kind === 'tuple' ? of.items : [of]).map((item) => {
          if (item.kind === 'name') return item.name
          throw new Unsupported('an exception of a module')
        })
        if (this.#take('as')) name = this.#next().text
      }
      handlers.push({ classes, name, body: this.#suite() })
    }
    if (this.#is('else') || this.#is('finally')) throw new Unsupported('try … else')
    return { kind: 'try', body, handlers, line }
  }

  // --- expressions

  /** An expression, or several with commas between: a tuple. */
  #tuple(): Expression {
    const first = this.#starred()
    if (!this.#is(',')) return first
    const items = [first]
    while (this.#take(',')) {
      if (this.#atEnd || this.#is('=') || this.#is(')') || this.#is(':')) break
      items.push(this.#starred())
    }
    return { kind: 'tuple', items }
  }

  #starred(): Expression {
    if (this.#is('*')) throw new Unsupported('a star')
    return this.#expression()
  }

  /** What for assigns to: names, tuples of them. */
  #targets(): Target {
    const items = [this.#postfix()]
    let tuple = false
    while (this.#take(',')) {
      tuple = true
      if (!this.#is('in')) items.push(this.#postfix())
    }
    return tuple ? { kind: 'tuple', items } : items[0]!
  }

  #expression(): Expression {
    if (this.#take('lambda')) {
      const parameters = this.#parameters(':', false)
      this.#expect(':')
      return { kind: 'lambda', parameters, body: this.#expression() }
    }
    const yes = this.#or()
    if (this.#is(':=')) throw new Unsupported(':=')
    if (!this.#take('if')) return yes
    const condition = this.#or()
    this.#expect('else')
    return { kind: 'choice', condition, yes, no: this.#expression() }
  }

  #or(): Expression {
    let left = this.#and()
    while (this.#take('or')) left = { kind: 'or', left, right: this.#and() }
    return left
  }

  #and(): Expression {
    let left = this.#not()
    while (this.#take('and')) left = { kind: 'and', left, right: this.#not() }
    return left
  }

  #not(): Expression {
    return this.#take('not') ? { kind: 'unary', operator: 'not', value: this.#not() } : this.#comparison()
  }

  #comparison(): Expression {
    const first = this.#binary(0)
    const rest: [string, Expression][] = []
    while (comparisons.has(this.#peek.text) && this.#peek.kind !== 'string') {
      let operator = this.#next().text
      if (operator === 'not') operator = `not ${this.#expect('in').text}`
      if (operator === 'is' && this.#take('not')) operator = 'is not'
      rest.push([operator, this.#binary(0)])
    }
    return rest.length === 0 ? first : { kind: 'compare', first, rest }
  }

  #binary(level: number): Expression {
    const operators = binaryLevels[level]
    if (operators === undefined) return this.#unary()
    let left = this.#binary(level + 1)
    while (this.#peek.kind === 'operator' && operators.includes(this.#peek.text))
      left = { kind: 'binary', operator: this.#next().text, left, right: this.#binary(level + 1) }
    return left
  }

  #unary(): Expression {
    if (this.#peek.kind === 'operator' && ['-', '+', '~'].includes(this.#peek.text))
      return { kind: 'unary', operator: this.#next().text, value: this.#unary() }
    const base = this.#postfix()
    return this.#take('**') ? { kind: 'binary', operator: '**', left: base, right: this.#unary() } : base
  }

  #postfix(): Expression {
    let value = this.#atom()
    for (;;) {
      if (this.#take('.')) value = { kind: 'attribute', of: value, name: this.#next().text }
      else if (this.#take('(')) value = { kind: 'call', of: value, args: this.#arguments() }
      else if (this.#take('[')) value = this.#subscript(value)
      else return value
    }
  }

  #arguments(): Argument[] {
    const args: Argument[] = []
    while (!this.#is(')')) {
      if (this.#is('**')) throw new Unsupported('** in a call')
      const star = this.#take('*')
      const named = this.#peek.kind === 'name' && this.tokens[this.#at + 1]?.text === '='
      const name = named ? this.#next().text : null
      if (named) this.#at++
      const value = this.#expression()
      if (this.#is('for')) args.push({ name, star, value: this.#comprehension('list', null, value) })
      else args.push({ name, star, value })
      if (!this.#take(',')) break
    }
    this.#expect(')')
    return args
  }

  #subscript(of: Expression): Expression {
    const part = () => (this.#is(':') || this.#is(']') ? null : this.#expression())
    const start = part()
    if (start !== null && this.#is(',')) {
      const items = [start]
      while (this.#take(',')) if (!this.#is(']')) items.push(this.#expression())
      this.#expect(']')
      return { kind: 'index', of, index: { kind: 'tuple', items } }
    }
    if (!this.#take(':')) {
      this.#expect(']')
      return { kind: 'index', of, index: start! }
    }
    const end = part()
    const step = this.#take(':') ? part() : null
    this.#expect(']')
    return { kind: 'slice', of, start, end, step }
  }

  #atom(): Expression {
    const token = this.#next()
    switch (token.kind) {
      case 'number':
        return { kind: 'constant', value: literal(token.text) }
      case 'string': {
        this.#at--
        return this.#strings()
      }
      case 'name':
        if (token.text === 'None') return none
        if (token.text === 'True' || token.text === 'False') return { kind: 'constant', value: token.text === 'True' }
        if (keywords.has(token.text)) throw new Unsupported(token.text)
        return { kind: 'name', name: token.text }
    }
    if (token.text === '(') {
      if (this.#take(')')) return { kind: 'tuple', items: [] }
      const inner = this.#tuple()
      const value = this.#is('for') ? this.#comprehension('list', null, inner) : inner
      this.#expect(')')
      return value
    }
    if (token.text === '[') {
      if (this.#take(']')) return { kind: 'list', items: [] }
      const first = this.#starred()
      if (this.#is('for')) {
        const value = this.#comprehension('list', null, first)
        this.#expect(']')
        return value
      }
      return { kind: 'list', items: this.#items(first, ']') }
    }
    if (token.text === '{') return this.#braces()
    throw new Unsupported(`the token ${JSON.stringify(token.text)}`)
  }

  #items(first: Expression, end: string): Expression[] {
    const items = [first]
    while (this.#take(',')) if (!this.#is(end)) items.push(this.#starred())
    this.#expect(end)
    return items
  }

  #braces(): Expression {
    const entries: [Expression | null, Expression][] = []
    while (!this.#is('}')) {
      if (this.#take('**')) entries.push([null, this.#expression()])
      else {
        const key = this.#expression()
        if (!this.#is(':')) {
          if (entries.length > 0) throw new Unsupported('a set in a dict')
          if (this.#is('for')) {
            const value = this.#comprehension('set', null, key)
            this.#expect('}')
            return value
          }
          return { kind: 'set', items: this.#items(key, '}') }
        }
        this.#expect(':')
        const value = this.#expression()
        if (this.#is('for')) {
          const whole = this.#comprehension('dict', key, value)
          this.#expect('}')
          return whole
        }
        entries.push([key, value])
      }
      if (!this.#take(',')) break
    }
    this.#expect('}')
    return { kind: 'dict', entries }
  }

  #comprehension(of: 'list' | 'dict' | 'set', key: Expression | null, value: Expression): Expression {
    const loops: Comprehension[] = []
    while (this.#take('for')) {
      const target = this.#targets()
      this.#expect('in')
      const from = this.#or()
      const conditions: Expression[] = []
      while (this.#take('if')) conditions.push(this.#or())
      loops.push({ target, from, conditions })
    }
    return { kind: 'comprehension', of, key, value, loops }
  }

  /** Strings side by side are one. */
  #strings(): Expression {
    const pieces: Piece[] = []
    while (this.#peek.kind === 'string') pieces.push(...stringPieces(this.#next().text))
    if (pieces.every((piece) => typeof piece === 'string')) return { kind: 'constant', value: pieces.join('') }
    return { kind: 'text', pieces }
  }

  // --- tokens

  get #peek(): Token {
    return this.tokens[Math.min(this.#at, this.tokens.length - 1)]!
  }

  get #atEnd(): boolean {
    return this.#peek.kind === 'newline' || this.#peek.kind === 'end' || this.#is(';')
  }

  #next(): Token {
    const token = this.#peek
    this.#at++
    return token
  }

  #is(text: string): boolean {
    return this.#peek.text === text && this.#peek.kind !== 'string'
  }

  #take(text: string): boolean {
    if (!this.#is(text)) return false
    this.#at++
    return true
  }

  #expect(text: string): Token {
    if (this.#is(text)) return this.#next()
    throw new Unsupported(`${JSON.stringify(this.#peek.text)} in line ${this.#peek.line}`)
  }

  #expectKind(kind: Token['kind']): void {
    if (this.#peek.kind !== kind) throw new Unsupported(`line ${this.#peek.line}`)
    this.#at++
  }
}

function literal(text: string): PyValue {
  try {
    return literalEval(text)
  } catch {
    throw new Unsupported(`the literal ${text.slice(0, 40)}`)
  }
}

function stringPieces(text: string): Piece[] {
  const [, prefix = '', quotes = ''] = /^([a-zA-Z]*)('''|"""|'|")/.exec(text)!
  const kind = prefix.toLowerCase()
  const body = text.slice(prefix.length + quotes.length, -quotes.length)
  if (kind.includes('b')) throw new Unsupported('bytes')
  // a backslash of a raw string stays, also before a quote
  const plain = (part: string): string => {
    if (kind.includes('r')) return part
    if (/\\N\{/.test(part)) throw new Unsupported('\\N{}')
    return literal(`${quotes.length === 3 ? quotes : quotes.repeat(1)}${part}${quotes}`) as string
  }
  if (!kind.includes('f')) return [plain(body)]
  const pieces: Piece[] = []
  let from = 0
  let at = 0
  const flush = (to: number) => {
    if (to > from) pieces.push(plain(body.slice(from, to).replaceAll('{{', '{').replaceAll('}}', '}')))
  }
  while (at < body.length) {
    const character = body[at]
    if ((character === '{' || character === '}') && body[at + 1] === character) at += 2
    else if (character === '{') {
      flush(at)
      const end = closingBrace(body, at + 1)
      pieces.push(field(body.slice(at + 1, end)))
      at = end + 1
      from = at
    } else at += character === '\\' && !kind.includes('r') ? 2 : 1
  }
  flush(body.length)
  return pieces
}

/** Place of the brace that ends a field of an f-string. */
function closingBrace(body: string, start: number): number {
  let depth = 0
  let quote: string | null = null
  for (let at = start; at < body.length; at++) {
    const character = body[at]!
    if (quote !== null) {
      if (character === '\\') at++
      else if (character === quote) quote = null
    } else if (character === '"' || character === "'") quote = character
    else if ('([{'.includes(character)) depth++
    else if (character === '}' && depth === 0) return at
    else if (')]}'.includes(character)) depth--
  }
  throw new Unsupported('an open field of an f-string')
}

function field(source: string): Piece {
  const conversion = /!([rsa])$/.exec(source)
  const text = conversion === null ? source : source.slice(0, -2)
  if (conversion?.[1] === 'a') throw new Unsupported('!a')
  const [statement, ...rest] = new Parser(tokenize(`(${text.trim()})`)).block()
  if (statement?.kind !== 'expression' || rest.length > 0 || /=\s*$/.test(text))
    throw new Unsupported(`the field {${source}}`)
  return { value: statement.value, repr: conversion?.[1] === 'r' }
}
