import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { isDict } from '../values/value.js'
import { builtin } from './builtins.js'
import { evaluate } from './evaluate.js'
import { define, execute } from './execute.js'
import { Names } from './free-names.js'
import { methodNames } from './methods.js'
import { imported } from './modules.js'
import { datasetMethods } from './native-dataset.js'
import { Scope } from './scope.js'
import type { Expression, Statement } from './syntax.js'
import { type TopLevel, topLevel } from './top-level.js'
import { Unsupported } from './unsupported.js'
import type { Key, Value } from './values.js'

/**
 * A Python file whose names are worked out when they are asked for. Asking throws Unsupported for a name whose value cannot be known
 * without running the file as CPython would.
 */
export class NativeModule {
  readonly #bindings = new Map<string, TopLevel[]>()
  /** Names that statements of other kinds (if, for, class, …) may bind or change. */
  readonly #unclear = new Set<string>()
  readonly #updates: Expression[] = []
  readonly #values = new Map<string, Value>()
  readonly #source: string
  readonly #scope: Scope

  constructor(
    readonly file: string,
    /** The module of an absolute name such as lm_eval.tasks.x.utils; null where there is none. */
    readonly find: (name: string) => NativeModule | null,
  ) {
    this.#source = readFileSync(file, 'utf8')
    this.#scope = new Scope(null, (name) => this.get(name), file)
    for (const statement of topLevel(this.#source)) this.#note(statement)
  }

  /** The value of a name of the module; undefined when it has none. */
  get(name: string): Value | undefined {
    const known = this.#values.get(name)
    if (known !== undefined) return known
    if (name === '__file__') return this.file
    if (this.#unclear.has(name)) throw new Unsupported(`the name ${name}, which the module sets in its own way`)
    const value = this.#work(name)
    if (value !== undefined) this.#values.set(name, value)
    return value
  }

  /** The source of a function as inspect.getsource gives it; null for names that are not defs. */
  sourceOf(name: string): string | null {
    const [statement, ...more] = this.#bindings.get(name) ?? []
    if (statement === undefined || more.length > 0 || statement.tokens[0]?.text !== 'def') return null
    return `${this.#source.slice(statement.start, statement.end)}\n`
  }

  /** Throws Unsupported where a function, or what it calls, uses something that is not run natively; runs nothing. */
  check(name: string, seen = new Set<string>()): void {
    const key = `${this.file}:${name}`
    if (seen.has(key)) return
    seen.add(key)
    if (this.#unclear.has(name)) throw new Unsupported(`the name ${name}`)
    const statements = this.#bindings.get(name)
    if (statements === undefined || statements.length !== 1) {
      if (this.get(name) === undefined) throw new Unsupported(`the name ${name}`)
      for (const update of this.#updates) this.#checkNames(new Names(update), seen)
      return
    }
    for (const statement of statements[0]!.parse()) {
      if (statement.kind === 'import') {
        const [, module] = this.#importOf(statement, name)
        if (module !== null) module.check(statement.names.find(([, as]) => as === name)![0]!, seen)
        else if (this.get(name) === undefined) throw new Unsupported(`the import of ${name}`)
      } else this.#checkNames(new Names(statement), seen)
    }
  }

  #checkNames({ free, attributes }: Names, seen: Set<string>): void {
    for (const attribute of attributes) if (!known.has(attribute)) throw new Unsupported(`the attribute ${attribute}`)
    for (const name of free) {
      if (this.#bindings.has(name) || this.#unclear.has(name)) this.check(name, seen)
      else if (builtin(name) === undefined && this.get(name) === undefined) throw new Unsupported(`the name ${name}`)
    }
  }

  #note(statement: TopLevel): void {
    const [first, second] = statement.tokens
    if (first === undefined) return
    const bind = (name: string) => this.#bindings.set(name, [...(this.#bindings.get(name) ?? []), statement])
    if (first.text === 'def') return void bind(second!.text)
    if (first.kind === 'string') return
    if (first.text === 'import' || first.text === 'from') {
      const names = statement.tokens.map(({ text }) => text)
      try {
        for (const parsed of statement.parse())
          if (parsed.kind === 'import') for (const [, as] of parsed.names) bind(as)
      } catch {
        for (const name of names) this.#unclear.add(name)
      }
      return
    }
    const texts = statement.tokens.map(({ text }) => text)
    if (first.kind === 'name' && (second?.text === '=' || second?.text === ':')) return void bind(first.text)
    if (texts.slice(0, 6).join('') === 'globals().update(') {
      try {
        const [parsed] = statement.parse()
        if (parsed?.kind === 'expression' && parsed.value.kind === 'call' && parsed.value.args[0])
          this.#updates.push(parsed.value.args[0].value)
        return
      } catch {
        this.#unclear.add('globals()')
      }
    }
    // any name in such a statement may be bound or changed by it
    for (const { kind, text } of statement.tokens) if (kind === 'name') this.#unclear.add(text)
  }

  #work(name: string): Value | undefined {
    const statements = this.#bindings.get(name)
    if (statements === undefined) return this.#updated(name)
    if (statements.length > 1) throw new Unsupported(`the name ${name}, which is set several times`)
    const [statement, ...rest] = statements[0]!.parse()
    if (statement === undefined || rest.length > 0) throw new Unsupported(`the name ${name}`)
    switch (statement.kind) {
      case 'def':
        return define(statement, this.#scope)
      case 'import':
        return this.#importOf(statement, name)[0]
      case 'assign': {
        const own = this.#scope.inner()
        execute([statement], own)
        return own.get(name)
      }
      default:
        throw new Unsupported(`the name ${name}`)
    }
  }

  /** Names that globals().update({…}) sets. */
  #updated(name: string): Value | undefined {
    if (this.#unclear.has('globals()')) throw new Unsupported('globals()')
    for (const update of [...this.#updates].reverse()) {
      const dict = evaluate(update, this.#scope)
      if (!isDict(dict)) throw new Unsupported('globals().update')
      const value = (dict as unknown as ReadonlyMap<Key, Value>).get(name)
      if (value !== undefined) return value
    }
    return undefined
  }

  #importOf(
    { module, names }: Extract<Statement, { kind: 'import' }>,
    name: string,
  ): [value: Value | undefined, module: NativeModule | null] {
    const [from, as] = names.find(([, known]) => known === name)!
    if (from === null) return [imported(as === module.split('.')[0] ? as : module, null), null]
    const other = this.#module(module)
    if (other === null) return [imported(module, from), null]
    return [other.get(from), other]
  }

  /** The module of the same tree behind "from .utils import …". */
  #module(name: string): NativeModule | null {
    const dots = /^\.*/.exec(name)![0].length
    if (dots === 0) return this.find(name)
    const folder = resolve(dirname(this.file), ...Array.from({ length: dots - 1 }, () => '..'))
    const path = name.slice(dots).replaceAll('.', '/')
    if (path === '' || !existsSync(join(folder, `${path}.py`))) throw new Unsupported(`the module ${name}`)
    return new NativeModule(join(folder, `${path}.py`), this.find)
  }
}

/** Attributes of any kind of value that is run natively; which value has which shows when it runs. */
const known = new Set([
  ...methodNames,
  ...datasetMethods,
  ...'sub findall split search match escape compile group literal_eval partial punctuation ascii_uppercase ascii_lowercase digits basename dirname path Dataset array exp sum argmax nan'.split(
    ' ',
  ),
])
