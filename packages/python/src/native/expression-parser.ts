import type { Argument, Comprehension, Expression, Parameter, Target } from './syntax.js'
import { none } from './syntax.js'
import { numberLiteral, stringExpression } from './text-literals.js'
import { TokenCursor } from './token-cursor.js'
import { tokenize } from './tokens.js'
import { Unsupported } from './unsupported.js'

/** Words that are no names. */
export const keywords = new Set(
  'False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield'.split(
    ' ',
  ),
)
const binaryLevels = [['|'], ['^'], ['&'], ['<<', '>>'], ['+', '-'], ['*', '/', '//', '%', '@']]
const comparisons = new Set(['==', '!=', '<', '>', '<=', '>=', 'in', 'is', 'not'])

/** Reads expressions from tokens. Throws Unsupported for what is not run natively. */
export class ExpressionParser extends TokenCursor {
  protected parameters(end: string, annotated: boolean): Parameter[] {
    const parameters: Parameter[] = []
    while (!this.is(end)) {
      if (this.is('*') || this.is('**') || this.is('/')) throw new Unsupported('star parameters')
      const name = this.next().text
      if (annotated && this.take(':')) this.expression()
      parameters.push({ name, fallback: this.take('=') ? this.expression() : null })
      if (!this.take(',')) break
    }
    return parameters
  }

  /** An expression with nothing behind it. */
  whole(): Expression {
    const value = this.expression()
    if (!this.atEnd) throw new Unsupported('more than an expression')
    return value
  }

  /** An expression, or several with commas between: a tuple. */
  protected tuple(): Expression {
    const first = this.#starred()
    if (!this.is(',')) return first
    const items = [first]
    while (this.take(',')) {
      if (this.atEnd || this.is('=') || this.is(')') || this.is(':')) break
      items.push(this.#starred())
    }
    return { kind: 'tuple', items }
  }

  #starred(): Expression {
    if (this.is('*')) throw new Unsupported('a star')
    return this.expression()
  }

  /** What for assigns to: names, tuples of them. */
  protected targets(): Target {
    const items = [this.#postfix()]
    let tuple = false
    while (this.take(',')) {
      tuple = true
      if (!this.is('in')) items.push(this.#postfix())
    }
    return tuple ? { kind: 'tuple', items } : items[0]!
  }

  protected expression(): Expression {
    if (this.take('lambda')) {
      const parameters = this.parameters(':', false)
      this.expect(':')
      return { kind: 'lambda', parameters, body: this.expression() }
    }
    const yes = this.#or()
    if (this.is(':=')) throw new Unsupported(':=')
    if (!this.take('if')) return yes
    const condition = this.#or()
    this.expect('else')
    return { kind: 'choice', condition, yes, no: this.expression() }
  }

  #or(): Expression {
    let left = this.#and()
    while (this.take('or')) left = { kind: 'or', left, right: this.#and() }
    return left
  }

  #and(): Expression {
    let left = this.#not()
    while (this.take('and')) left = { kind: 'and', left, right: this.#not() }
    return left
  }

  #not(): Expression {
    return this.take('not') ? { kind: 'unary', operator: 'not', value: this.#not() } : this.#comparison()
  }

  #comparison(): Expression {
    const first = this.#binary(0)
    const rest: [string, Expression][] = []
    while (comparisons.has(this.peek.text) && this.peek.kind !== 'string') {
      let operator = this.next().text
      if (operator === 'not') operator = `not ${this.expect('in').text}`
      if (operator === 'is' && this.take('not')) operator = 'is not'
      rest.push([operator, this.#binary(0)])
    }
    return rest.length === 0 ? first : { kind: 'compare', first, rest }
  }

  #binary(level: number): Expression {
    const operators = binaryLevels[level]
    if (operators === undefined) return this.#unary()
    let left = this.#binary(level + 1)
    while (this.peek.kind === 'operator' && operators.includes(this.peek.text))
      left = { kind: 'binary', operator: this.next().text, left, right: this.#binary(level + 1) }
    return left
  }

  #unary(): Expression {
    if (this.peek.kind === 'operator' && ['-', '+', '~'].includes(this.peek.text))
      return { kind: 'unary', operator: this.next().text, value: this.#unary() }
    const base = this.#postfix()
    return this.take('**') ? { kind: 'binary', operator: '**', left: base, right: this.#unary() } : base
  }

  #postfix(): Expression {
    let value = this.#atom()
    for (;;) {
      if (this.take('.')) value = { kind: 'attribute', of: value, name: this.next().text }
      else if (this.take('(')) value = { kind: 'call', of: value, args: this.#arguments() }
      else if (this.take('[')) value = this.#subscript(value)
      else return value
    }
  }

  #arguments(): Argument[] {
    const args: Argument[] = []
    while (!this.is(')')) {
      if (this.is('**')) throw new Unsupported('** in a call')
      const star = this.take('*')
      const named = this.peek.kind === 'name' && this.tokens[this.at + 1]?.text === '='
      const name = named ? this.next().text : null
      if (named) this.at++
      const value = this.expression()
      if (this.is('for')) args.push({ name, star, value: this.#comprehension('list', null, value) })
      else args.push({ name, star, value })
      if (!this.take(',')) break
    }
    this.expect(')')
    return args
  }

  #subscript(of: Expression): Expression {
    const part = () => (this.is(':') || this.is(']') ? null : this.expression())
    const start = part()
    if (start !== null && this.is(',')) {
      const items = [start]
      while (this.take(',')) if (!this.is(']')) items.push(this.expression())
      this.expect(']')
      return { kind: 'index', of, index: { kind: 'tuple', items } }
    }
    if (!this.take(':')) {
      this.expect(']')
      return { kind: 'index', of, index: start! }
    }
    const end = part()
    const step = this.take(':') ? part() : null
    this.expect(']')
    return { kind: 'slice', of, start, end, step }
  }

  #atom(): Expression {
    const token = this.next()
    switch (token.kind) {
      case 'number':
        return { kind: 'constant', value: numberLiteral(token.text) }
      case 'string': {
        this.at--
        return this.#strings()
      }
      case 'name':
        if (token.text === 'None') return none
        if (token.text === 'True' || token.text === 'False') return { kind: 'constant', value: token.text === 'True' }
        if (keywords.has(token.text)) throw new Unsupported(token.text)
        return { kind: 'name', name: token.text }
    }
    if (token.text === '(') {
      if (this.take(')')) return { kind: 'tuple', items: [] }
      const inner = this.tuple()
      const value = this.is('for') ? this.#comprehension('list', null, inner) : inner
      this.expect(')')
      return value
    }
    if (token.text === '[') {
      if (this.take(']')) return { kind: 'list', items: [] }
      const first = this.#starred()
      if (this.is('for')) {
        const value = this.#comprehension('list', null, first)
        this.expect(']')
        return value
      }
      return { kind: 'list', items: this.#items(first, ']') }
    }
    if (token.text === '{') return this.#braces()
    throw new Unsupported(`the token ${JSON.stringify(token.text)}`)
  }

  #items(first: Expression, end: string): Expression[] {
    const items = [first]
    while (this.take(',')) if (!this.is(end)) items.push(this.#starred())
    this.expect(end)
    return items
  }

  #braces(): Expression {
    const entries: [Expression | null, Expression][] = []
    while (!this.is('}')) {
      if (this.take('**')) entries.push([null, this.expression()])
      else {
        const key = this.expression()
        if (!this.is(':')) {
          if (entries.length > 0) throw new Unsupported('a set in a dict')
          if (this.is('for')) {
            const value = this.#comprehension('set', null, key)
            this.expect('}')
            return value
          }
          return { kind: 'set', items: this.#items(key, '}') }
        }
        this.expect(':')
        const value = this.expression()
        if (this.is('for')) {
          const whole = this.#comprehension('dict', key, value)
          this.expect('}')
          return whole
        }
        entries.push([key, value])
      }
      if (!this.take(',')) break
    }
    this.expect('}')
    return { kind: 'dict', entries }
  }

  #comprehension(of: 'list' | 'dict' | 'set', key: Expression | null, value: Expression): Expression {
    const loops: Comprehension[] = []
    while (this.take('for')) {
      const target = this.targets()
      this.expect('in')
      const from = this.#or()
      const conditions: Expression[] = []
      while (this.take('if')) conditions.push(this.#or())
      loops.push({ target, from, conditions })
    }
    return { kind: 'comprehension', of, key, value, loops }
  }

  /** Strings side by side are one. */
  #strings(): Expression {
    const texts: string[] = []
    while (this.peek.kind === 'string') texts.push(this.next().text)
    return stringExpression(texts, parseExpression)
  }
}

/** The expression that a text is. */
function parseExpression(source: string): Expression {
  return new ExpressionParser(tokenize(`(${source})`)).whole()
}
