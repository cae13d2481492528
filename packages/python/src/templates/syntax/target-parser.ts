import { ExpressionParser } from './expression-parser.js'
import type { Expression, Target } from './nodes.js'
import { describe } from './token-stream.js'

/** What statements share: targets of assignments, signatures of macros. */
export class TargetParser extends ExpressionParser {
  protected signature(): { parameters: string[]; defaults: Expression[] } {
    const { stream } = this
    const parameters: string[] = []
    const defaults: Expression[] = []
    stream.expect('lparen')
    while (stream.current.type !== 'rparen') {
      if (parameters.length > 0) stream.expect('comma')
      parameters.push(this.target())
      if (stream.skipIf('assign')) defaults.push(this.expression())
      else if (defaults.length > 0) throw stream.error('non-default argument follows default argument')
    }
    stream.expect('rparen')
    return { parameters, defaults }
  }

  /** `with context` or `without context`. */
  protected context(): boolean {
    const { stream } = this
    const found = stream.testAny(['name:with', 'name:without']) && stream.test('name:context', stream.look())
    if (found) stream.skip(2)
    return found
  }

  /** A single name that is assigned to. */
  protected target(): string {
    const token = this.stream.expect('name')
    this.assignable(token.text)
    return token.text
  }

  private assignable(name: string): void {
    if (['true', 'false', 'none', 'True', 'False', 'None'].includes(name))
      throw this.stream.error(`can't assign to '${name}'`)
  }

  protected targets({ ends = [], members = false }: { ends?: readonly string[]; members?: boolean }): Target {
    const { stream } = this
    const items: Target[] = []
    let isTuple = false
    while (true) {
      if (items.length > 0) stream.expect('comma')
      if (this.tupleEnds(ends)) break
      items.push(this.oneTarget(members))
      if (stream.current.type !== 'comma') break
      isTuple = true
    }
    if (isTuple) return { kind: 'targets', items }
    if (items.length === 0) throw stream.error(`Expected an expression, got '${describe(stream.current)}'`)
    return items[0]!
  }

  private oneTarget(members: boolean): Target {
    const { stream } = this
    const token = stream.current
    if (members && token.type === 'name' && stream.look().type === 'dot') {
      this.assignable(token.text)
      stream.skip(2)
      return { kind: 'member', name: token.text, attribute: stream.expect('name').text }
    }
    const target = targetOf(this.primary())
    if (target === null) throw stream.error(`can't assign to '${token.text}'`, token.line)
    return target
  }
}

function targetOf(node: Expression): Target | null {
  if (node.kind === 'name') return { kind: 'store', name: node.name }
  if (node.kind !== 'tuple') return null
  const items = node.items.map(targetOf)
  return items.every((item) => item !== null) ? { kind: 'targets', items } : null
}
