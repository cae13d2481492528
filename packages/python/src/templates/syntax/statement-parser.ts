import { tokenize } from './lexer.js'
import type { BlockNode, CallBlockNode, Expression, ForNode, IfNode, MacroNode, Statement, Target } from './nodes.js'
import { TargetParser } from './target-parser.js'
import type { SyntaxOptions } from './template-options.js'
import { TokenStream } from './token-stream.js'

/** The statements of a template. Throws PythonError (TemplateSyntaxError). */
export function parseTemplate(template: string, options: SyntaxOptions): Statement[] {
  return new StatementParser(new TokenStream(tokenize(template, options)), options).statements(null)
}

class StatementParser extends TargetParser {
  readonly #tags: string[] = []
  readonly #ends: (readonly string[])[] = []

  constructor(
    stream: TokenStream,
    private readonly options: SyntaxOptions,
  ) {
    super(stream)
  }

  /** Statements up to one of the ending tags, whose name is current then; without them up to the end. */
  statements(ends: readonly string[] | null): Statement[] {
    const { stream } = this
    const body: Statement[] = []
    let output: (string | Expression)[] = []
    const flush = () => {
      if (output.length > 0) body.push({ kind: 'output', nodes: output })
      output = []
    }
    if (ends !== null) this.#ends.push(ends)
    while (stream.current.type !== 'eof') {
      const { type } = stream.current
      if (type === 'data') output.push(stream.next().text)
      else if (type === 'variable_begin') {
        stream.skip()
        output.push(this.tuple())
        stream.expect('variable_end')
      } else {
        flush()
        stream.skip()
        if (ends !== null && stream.testAny(ends.map((end) => `name:${end}`))) {
          this.#ends.pop()
          return body
        }
        body.push(this.#statement())
        stream.expect('block_end')
      }
    }
    flush()
    if (ends !== null) throw this.#unfinished(null)
    return body
  }

  /** The body of a tag; `last` says that the ending name is taken as well. */
  #body(ends: readonly string[]): Statement[] {
    this.stream.skipIf('colon')
    this.stream.expect('block_end')
    return this.statements(ends)
  }

  #closed(end: string): Statement[] {
    const body = this.#body([end])
    this.stream.skip()
    return body
  }

  #statement(): Statement {
    const { stream } = this
    const token = stream.current
    if (token.type !== 'name') throw stream.error('tag name expected')
    const parse = this.#parser(token.text)
    if (parse === null) throw this.#unfinished(token.text)
    this.#tags.push(token.text)
    stream.skip()
    const statement = parse(token.line)
    this.#tags.pop()
    return statement
  }

  #parser(tag: string): ((line: number) => Statement) | null {
    switch (tag) {
      case 'for':
        return () => this.#for()
      case 'if':
        return () => this.#if()
      case 'set':
        return () => this.#set()
      case 'macro':
        return (line) => this.#macro(line)
      case 'call':
        return (line) => this.#callBlock(line)
      case 'filter':
        return () => {
          const filter = this.filters(null, true)!
          return { kind: 'filterBlock', filter, body: this.#closed('endfilter') }
        }
      case 'with':
        return () => this.#with()
      case 'autoescape':
        return () => {
          const value = this.expression()
          return { kind: 'autoescape', value, body: this.#closed('endautoescape') }
        }
      case 'block':
        return (line) => this.#block(line)
      case 'print':
        return () => this.#print()
      case 'include':
        return () => this.#include()
      case 'extends':
        return (line) => ({ kind: 'extends', template: this.expression(), line })
      case 'import':
        return () => this.#import()
      case 'from':
        return () => this.#from()
      case 'break':
      case 'continue':
        return this.options.loopControls ? (line) => ({ kind: tag, line }) : null
      case 'generation':
        return this.options.generationTag ? () => ({ kind: 'generation', body: this.#closed('endgeneration') }) : null
      default:
        return null
    }
  }

  #for(): ForNode {
    const { stream } = this
    const target = this.targets({ ends: ['name:in'] })
    stream.expect('name:in')
    const iterable = this.tuple({ condition: false, ends: ['name:recursive'] })
    const test = stream.skipIf('name:if') ? this.expression() : null
    const recursive = stream.skipIf('name:recursive')
    const body = this.#body(['endfor', 'else'])
    const otherwise = stream.next().text === 'endfor' ? [] : this.#closed('endfor')
    return { kind: 'for', target, iterable, body, otherwise, test, recursive }
  }

  #if(): IfNode {
    const { stream } = this
    const branches: { test: Expression; body: Statement[] }[] = []
    let otherwise: Statement[] = []
    while (true) {
      const test = this.tuple({ condition: false })
      branches.push({ test, body: this.#body(['elif', 'else', 'endif']) })
      const { text } = stream.next()
      if (text === 'elif') continue
      if (text === 'else') otherwise = this.#closed('endif')
      break
    }
    const [first, ...rest] = branches.map(
      (branch): IfNode => ({ kind: 'if', ...branch, alternatives: [], otherwise: [] }),
    )
    return { ...first!, alternatives: rest, otherwise }
  }

  #set(): Statement {
    const target = this.targets({ members: true })
    if (this.stream.skipIf('assign')) return { kind: 'assign', target, value: this.tuple() }
    const filter = this.filters(null)
    return { kind: 'assignBlock', target, filter, body: this.#closed('endset') }
  }

  #macro(line: number): MacroNode {
    const name = this.target()
    const { parameters, defaults } = this.signature()
    return { kind: 'macro', name, parameters, defaults, body: this.#closed('endmacro'), line }
  }

  #callBlock(line: number): CallBlockNode {
    const { stream } = this
    const { parameters, defaults } =
      stream.current.type === 'lparen' ? this.signature() : { parameters: [], defaults: [] }
    const call = this.expression()
    if (call.kind !== 'call') throw stream.error('expected call', line)
    return { kind: 'callBlock', call, parameters, defaults, body: this.#closed('endcall'), line }
  }

  #with(): Statement {
    const targets: Target[] = []
    const values: Expression[] = []
    while (this.stream.current.type !== 'block_end') {
      if (targets.length > 0) this.stream.expect('comma')
      targets.push(this.targets({}))
      this.stream.expect('assign')
      values.push(this.expression())
    }
    return { kind: 'with', targets, values, body: this.#closed('endwith') }
  }

  #block(line: number): BlockNode {
    const { stream } = this
    const name = stream.expect('name').text
    const scoped = stream.skipIf('name:scoped')
    const required = stream.skipIf('name:required')
    if (stream.current.type === 'sub')
      throw stream.error('Block names in Jinja have to be valid Python identifiers and may not contain hyphens')
    const body = this.#closed('endblock')
    const blank = (node: string | Expression) => typeof node === 'string' && node.trim() === ''
    if (required && body.some((node) => node.kind !== 'output' || !node.nodes.every(blank)))
      throw stream.error('Required blocks can only contain comments or whitespace')
    stream.skipIf(`name:${name}`)
    return { kind: 'block', name, scoped, required, body, line }
  }

  #print(): Statement {
    const nodes: Expression[] = []
    while (this.stream.current.type !== 'block_end') {
      if (nodes.length > 0) this.stream.expect('comma')
      nodes.push(this.expression())
    }
    return { kind: 'output', nodes }
  }

  #include(): Statement {
    const { stream } = this
    const template = this.expression()
    const ignoreMissing = stream.test('name:ignore') && stream.test('name:missing', stream.look())
    if (ignoreMissing) stream.skip(2)
    this.context()
    return { kind: 'include', template, ignoreMissing }
  }

  #import(): Statement {
    const template = this.expression()
    this.stream.expect('name:as')
    const names = [this.target()]
    this.context()
    return { kind: 'import', template, names }
  }

  #from(): Statement {
    const { stream } = this
    const template = this.expression()
    stream.expect('name:import')
    const names: string[] = []
    while (true) {
      if (names.length > 0) stream.expect('comma')
      if (this.context()) break
      const name = this.target()
      if (name.startsWith('_'))
        throw stream.error('names starting with an underline can not be imported', undefined, 'TemplateAssertionError')
      names.push(stream.skipIf('name:as') ? this.target() : name)
      if (this.context() || stream.current.type !== 'comma') break
    }
    return { kind: 'import', template, names }
  }

  #unfinished(tag: string | null): Error {
    const looking = this.#ends.at(-1)
    const open = this.#tags.at(-1)
    const parts = [tag === null ? 'Unexpected end of template.' : `Encountered unknown tag '${tag}'.`]
    if (looking)
      parts.push(`Jinja was looking for the following tags: ${looking.map((end) => `'${end}'`).join(' or ')}.`)
    if (open) parts.push(`The innermost block that needs to be closed is '${open}'.`)
    return this.stream.error(parts.join(' '))
  }
}
