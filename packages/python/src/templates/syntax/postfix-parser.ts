import type { Arguments, CallNode, Expression, FilterNode } from './nodes.js'
import type { TokenStream } from './token-stream.js'

const beginsArgument = new Set(['name', 'string', 'integer', 'float', 'lparen', 'lbracket', 'lbrace'])
const none: Arguments = { args: [], keywords: [], spread: null, spreadKeywords: null }

/** What may follow a value: members, items, calls, filters and tests. */
export abstract class PostfixParser {
  constructor(protected readonly stream: TokenStream) {}

  /** A whole expression. */
  abstract expression(condition?: boolean): Expression

  /** A name or literal, or an expression in parentheses. */
  protected abstract primary(): Expression

  protected postfix(start: Expression): Expression {
    let node = start
    while (true) {
      const { type } = this.stream.current
      if (type === 'dot' || type === 'lbracket') node = this.subscript(node)
      else if (type === 'lparen') node = this.call(node)
      else return node
    }
  }

  protected filtered(start: Expression): Expression {
    let node = start
    while (true) {
      const { type } = this.stream.current
      if (type === 'pipe') node = this.filters(node)!
      else if (this.stream.test('name:is')) node = this.test(node)
      else if (type === 'lparen') node = this.call(node)
      else return node
    }
  }

  private subscript(node: Expression): Expression {
    const { stream } = this
    if (stream.next().type === 'dot') {
      const token = stream.next()
      if (token.type === 'name') return { kind: 'attribute', node, name: token.text }
      if (token.type !== 'integer') throw stream.error('expected name or number', token.line)
      return { kind: 'item', node, key: { kind: 'const', value: token.value! } }
    }
    const keys: Expression[] = []
    while (stream.current.type !== 'rbracket') {
      if (keys.length > 0) stream.expect('comma')
      keys.push(this.subscribed())
    }
    stream.expect('rbracket')
    return { kind: 'item', node, key: keys.length === 1 ? keys[0]! : { kind: 'tuple', items: keys } }
  }

  private subscribed(): Expression {
    const { stream } = this
    const ends = () => ['rbracket', 'comma'].includes(stream.current.type)
    let start: Expression | null = null
    if (stream.current.type !== 'colon') {
      start = this.expression()
      if (stream.current.type !== 'colon') return start
    }
    stream.skip()
    const stop = stream.current.type === 'colon' || ends() ? null : this.expression()
    const step = stream.skipIf('colon') && !ends() ? this.expression() : null
    return { kind: 'slice', start, stop, step }
  }

  private call(node: Expression): CallNode {
    return { kind: 'call', node, ...this.arguments() }
  }

  private arguments(): Arguments {
    const { stream } = this
    const { line } = stream.expect('lparen')
    const args: Expression[] = []
    const keywords: (readonly [string, Expression])[] = []
    let spread: Expression | null = null
    let spreadKeywords: Expression | null = null
    const ensure = (holds: boolean) => {
      if (!holds) throw stream.error('invalid syntax for function call expression', line)
    }
    let comma = false
    while (stream.current.type !== 'rparen') {
      if (comma) {
        stream.expect('comma')
        if (stream.current.type === 'rparen') break
      }
      comma = true
      if (stream.skipIf('mul')) {
        ensure(spread === null && spreadKeywords === null)
        spread = this.expression()
      } else if (stream.skipIf('pow')) {
        ensure(spreadKeywords === null)
        spreadKeywords = this.expression()
      } else if (stream.current.type === 'name' && stream.look().type === 'assign') {
        ensure(spreadKeywords === null)
        const name = stream.next().text
        stream.skip()
        keywords.push([name, this.expression()])
      } else {
        ensure(spread === null && spreadKeywords === null && keywords.length === 0)
        args.push(this.expression())
      }
    }
    stream.expect('rparen')
    return { args, keywords, spread, spreadKeywords }
  }

  /** `|a|b(1)`, or where a block begins `a|b` when `inline`. */
  protected filters(start: Expression | null, inline = false): FilterNode | null {
    let node = start
    let first = inline
    while (this.stream.current.type === 'pipe' || first) {
      if (!first) this.stream.skip()
      first = false
      const { line } = this.stream.current
      const name = this.dotted()
      node = { kind: 'filter', node, name, line, ...(this.stream.current.type === 'lparen' ? this.arguments() : none) }
    }
    return node as FilterNode | null
  }

  private dotted(): string {
    let name = this.stream.expect('name').text
    while (this.stream.skipIf('dot')) name += `.${this.stream.expect('name').text}`
    return name
  }

  private test(node: Expression): Expression {
    const { stream } = this
    const { line } = stream.next()
    const negated = stream.skipIf('name:not')
    const name = this.dotted()
    let given = none
    if (stream.current.type === 'lparen') given = this.arguments()
    else if (beginsArgument.has(stream.current.type) && !stream.testAny(['name:else', 'name:or', 'name:and'])) {
      if (stream.test('name:is')) throw stream.error('You cannot chain multiple tests with is')
      given = { ...none, args: [this.postfix(this.primary())] }
    }
    const test: Expression = { kind: 'test', node, name, line, ...given }
    return negated ? { kind: 'unary', operator: 'not', node: test } : test
  }
}
