import { ExpressionParser, keywords } from './expression-parser.js'
import type { Handler, Statement } from './syntax.js'
import { Unsupported } from './unsupported.js'

/** Reads statements from tokens. Throws Unsupported for what is not run natively. */
export class StatementParser extends ExpressionParser {
  block(): Statement[] {
    const statements: Statement[] = []
    while (this.peek.kind !== 'end' && this.peek.kind !== 'dedent') {
      if (this.peek.kind === 'newline') this.at++
      else statements.push(...this.#statement())
    }
    return statements
  }

  #statement(): Statement[] {
    const { text, line } = this.peek
    switch (text) {
      case 'def':
        return [this.#definition()]
      case 'if':
        return [this.#if()]
      case 'for': {
        this.at++
        const target = this.targets()
        this.expect('in')
        const from = this.tuple()
        const body = this.#suite()
        if (this.is('else')) throw new Unsupported('for … else')
        return [{ kind: 'for', target, from, body, line }]
      }
      case 'while': {
        this.at++
        const condition = this.expression()
        const body = this.#suite()
        if (this.is('else')) throw new Unsupported('while … else')
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
      if (this.peek.kind === 'newline' || this.peek.kind === 'end') break
      statements.push(this.#simple())
    } while (this.take(';'))
    if (this.peek.kind !== 'end') this.expectKind('newline')
    return statements
  }

  #simple(): Statement {
    const { text, line } = this.peek
    switch (text) {
      case 'return':
        this.at++
        return { kind: 'return', value: this.atEnd ? null : this.tuple(), line }
      case 'pass':
      case 'break':
      case 'continue':
        this.at++
        return { kind: text, line }
      case 'raise':
        this.at++
        return { kind: 'raise', value: this.expression(), line }
      case 'assert': {
        this.at++
        const condition = this.expression()
        if (this.take(',')) this.expression()
        return { kind: 'assert', condition, line }
      }
      case 'del':
        this.at++
        return { kind: 'delete', target: this.expression(), line }
      case 'import':
      case 'from':
        return this.#import()
    }
    const first = this.tuple()
    if (this.take(':')) {
      this.expression()
      if (!this.is('=')) return { kind: 'pass', line }
    }
    const change = /^(\*\*|\/\/|<<|>>|[-+*/%|&^])=$/.exec(this.peek.text)
    if (change !== null) {
      this.at++
      return { kind: 'change', target: first, operator: change[1]!, value: this.tuple(), line }
    }
    const chain = [first]
    while (this.take('=')) chain.push(this.tuple())
    const value = chain.pop()!
    return chain.length === 0 ? { kind: 'expression', value, line } : { kind: 'assign', targets: chain, value, line }
  }

  #import(): Statement {
    const { line } = this.peek
    const dotted = () => {
      let path = ''
      while (this.is('.') || this.is('...') || (this.peek.kind === 'name' && !keywords.has(this.peek.text)))
        path += this.next().text
      return path
    }
    if (this.take('import')) {
      const names: [null, string][] = []
      let module = ''
      do {
        module = dotted()
        names.push([null, this.take('as') ? this.next().text : module.split('.')[0]!])
      } while (this.take(','))
      if (names.length > 1) throw new Unsupported('import of several modules')
      return { kind: 'import', module, names, line }
    }
    this.expect('from')
    const module = dotted()
    this.expect('import')
    const closed = this.take('(')
    const names: [string, string][] = []
    do {
      if (this.is(')')) break
      const from = this.next().text
      names.push([from, this.take('as') ? this.next().text : from])
    } while (this.take(','))
    if (closed) this.expect(')')
    return { kind: 'import', module, names, line }
  }

  #definition(): Statement {
    const { line } = this.next()
    const name = this.next().text
    this.expect('(')
    const parameters = this.parameters(')', true)
    this.expect(')')
    if (this.take('->')) this.expression()
    return { kind: 'def', name, parameters, body: this.#suite(), line }
  }

  #suite(): Statement[] {
    this.expect(':')
    if (this.peek.kind !== 'newline') return this.#statement()
    this.at++
    this.expectKind('indent')
    const body = this.block()
    this.expectKind('dedent')
    return body
  }

  #if(): Statement {
    const { line } = this.next()
    const condition = this.expression()
    const body = this.#suite()
    const otherwise = this.is('elif') ? [this.#if()] : this.take('else') ? this.#suite() : []
    return { kind: 'if', condition, body, otherwise, line }
  }

  #try(): Statement {
    const { line } = this.next()
    const body = this.#suite()
    const handlers: Handler[] = []
    while (this.take('except')) {
      let classes: string[] | null = null
      let name: string | null = null
      if (!this.is(':')) {
        const of = this.expression()
        classes = (of.kind === 'tuple' ? of.items : [of]).map((item) => {
          if (item.kind === 'name') return item.name
          throw new Unsupported('an exception of a module')
        })
        if (this.take('as')) name = this.next().text
      }
      handlers.push({ classes, name, body: this.#suite() })
    }
    if (this.is('else') || this.is('finally')) throw new Unsupported('try … else')
    return { kind: 'try', body, handlers, line }
  }
}
