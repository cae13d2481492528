import type { Expression } from './nodes.js'
import { PostfixParser } from './postfix-parser.js'
import { describe } from './token-stream.js'

const comparisons: Readonly<Record<string, string>> = { eq: '==', ne: '!=', lt: '<', lteq: '<=', gt: '>', gteq: '>=' }
const sums: Readonly<Record<string, string>> = { add: '+', sub: '-' }
const products: Readonly<Record<string, string>> = { mul: '*', div: '/', floordiv: '//', mod: '%' }

/** Jinja's grammar of expressions (jinja2/parser.py), with its precedences: `~` binds tighter than `+`, and `-x|f` is `-(x)|f`. */
export class ExpressionParser extends PostfixParser {
  /** An expression; a comma makes it a tuple. `explicit`: inside parentheses, where an empty tuple is allowed. */
  tuple({ condition = true, ends = [], explicit = false }: TupleOptions = {}): Expression {
    const { stream } = this
    const items: Expression[] = []
    let isTuple = false
    while (true) {
      if (items.length > 0) stream.expect('comma')
      if (this.tupleEnds(ends)) break
      items.push(this.expression(condition))
      if (stream.current.type !== 'comma') break
      isTuple = true
    }
    if (!isTuple) {
      if (items.length > 0) return items[0]!
      if (!explicit) throw stream.error(`Expected an expression, got '${describe(stream.current)}'`)
    }
    return { kind: 'tuple', items }
  }

  protected tupleEnds(ends: readonly string[]): boolean {
    return ['variable_end', 'block_end', 'rparen'].includes(this.stream.current.type) || this.stream.testAny(ends)
  }

  expression(condition = true): Expression {
    return condition ? this.#condition() : this.#or()
  }

  #condition(): Expression {
    let yes = this.#or()
    while (this.stream.test('name:if')) {
      const { line } = this.stream.next()
      const test = this.#or()
      const no = this.stream.skipIf('name:else') ? this.#condition() : null
      yes = { kind: 'condition', test, yes, no, line }
    }
    return yes
  }

  #or(): Expression {
    let left = this.#and()
    while (this.stream.skipIf('name:or')) left = { kind: 'or', left, right: this.#and() }
    return left
  }

  #and(): Expression {
    let left = this.#not()
    while (this.stream.skipIf('name:and')) left = { kind: 'and', left, right: this.#not() }
    return left
  }

  #not(): Expression {
    if (!this.stream.skipIf('name:not')) return this.#compare()
    return { kind: 'unary', operator: 'not', node: this.#not() }
  }

  #compare(): Expression {
    const { stream } = this
    const node = this.#sum()
    const operands: (readonly [string, Expression])[] = []
    while (true) {
      const comparison = comparisons[stream.current.type]
      if (comparison !== undefined) {
        stream.skip()
        operands.push([comparison, this.#sum()])
      } else if (stream.skipIf('name:in')) operands.push(['in', this.#sum()])
      else if (stream.test('name:not') && stream.test('name:in', stream.look())) {
        stream.skip(2)
        operands.push(['not in', this.#sum()])
      } else break
    }
    return operands.length === 0 ? node : { kind: 'compare', node, operands }
  }

  #sum(): Expression {
    let left = this.#concat()
    for (let operator = sums[this.stream.current.type]; operator; operator = sums[this.stream.current.type]) {
      this.stream.skip()
      left = { kind: 'binary', operator, left, right: this.#concat() }
    }
    return left
  }

  #concat(): Expression {
    const nodes = [this.#product()]
    while (this.stream.skipIf('tilde')) nodes.push(this.#product())
    return nodes.length === 1 ? nodes[0]! : { kind: 'concat', nodes }
  }

  #product(): Expression {
    let left = this.#power()
    for (let operator = products[this.stream.current.type]; operator; operator = products[this.stream.current.type]) {
      this.stream.skip()
      left = { kind: 'binary', operator, left, right: this.#power() }
    }
    return left
  }

  #power(): Expression {
    let left = this.#unary(true)
    while (this.stream.skipIf('pow')) left = { kind: 'binary', operator: '**', left, right: this.#unary(true) }
    return left
  }

  #unary(withFilter: boolean): Expression {
    const { type } = this.stream.current
    let node: Expression
    if (type === 'sub' || type === 'add') {
      this.stream.skip()
      node = { kind: 'unary', operator: type === 'sub' ? '-' : '+', node: this.#unary(false) }
    } else node = this.primary()
    node = this.postfix(node)
    return withFilter ? this.filtered(node) : node
  }

  protected primary(): Expression {
    const { stream } = this
    const token = stream.current
    switch (token.type) {
      case 'name':
        stream.skip()
        if (/^(true|True|false|False)$/.test(token.text))
          return { kind: 'const', value: token.text.toLowerCase() === 'true' }
        if (/^(none|None)$/.test(token.text)) return { kind: 'const', value: null }
        return { kind: 'name', name: token.text }
      case 'string': {
        let value = ''
        while (stream.current.type === 'string') value += stream.next().value as string
        return { kind: 'const', value }
      }
      case 'integer':
      case 'float':
        stream.skip()
        return { kind: 'const', value: token.value! }
      case 'lparen': {
        stream.skip()
        const inner = this.tuple({ explicit: true })
        stream.expect('rparen')
        return inner
      }
      case 'lbracket':
        return this.#list()
      case 'lbrace':
        return this.#dict()
      default:
        throw stream.error(`unexpected '${describe(token)}'`)
    }
  }

  #list(): Expression {
    const { stream } = this
    const items: Expression[] = []
    stream.expect('lbracket')
    while (stream.current.type !== 'rbracket') {
      if (items.length > 0) stream.expect('comma')
      if (stream.current.type === 'rbracket') break
      items.push(this.expression())
    }
    stream.expect('rbracket')
    return { kind: 'list', items }
  }

  #dict(): Expression {
    const { stream } = this
    const items: (readonly [Expression, Expression])[] = []
    stream.expect('lbrace')
    while (stream.current.type !== 'rbrace') {
      if (items.length > 0) stream.expect('comma')
      if (stream.current.type === 'rbrace') break
      const key = this.expression()
      stream.expect('colon')
      items.push([key, this.expression()])
    }
    stream.expect('rbrace')
    return { kind: 'dict', items }
  }
}

interface TupleOptions {
  /** Whether `a if b` may stand there. */
  readonly condition?: boolean
  /** Names that end the tuple. */
  readonly ends?: readonly string[]
  readonly explicit?: boolean
}
