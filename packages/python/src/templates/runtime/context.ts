import type { PyDict, PyValue } from '../../values/value.js'
import type { SyntaxOptions } from '../syntax/template-options.js'
import type { Keywords } from './functions.js'
import { Undefined } from './undefined.js'

/** A filter or test: what stands before it, its arguments, and the context it runs in. */
export type Filter = (value: PyValue, args: readonly PyValue[], keywords: Keywords, context: Context) => PyValue

/** What jinja2.Environment holds: syntax, filters, tests, names, and what undefined ones do. */
export interface Environment {
  readonly syntax: SyntaxOptions
  /** Whether undefined names raise (StrictUndefined). */
  readonly strict: boolean
  /** Whether methods that change a list or dict, and names with an underscore in front, are out of reach (ImmutableSandboxedEnvironment). */
  readonly sandboxed: boolean
  readonly filters: ReadonlyMap<string, Filter>
  readonly tests: ReadonlyMap<string, Filter>
  readonly globals: PyDict
}

/** Renders a block of a template with a context. */
export type RenderBlock = (context: Context) => string

/** The names a template sees: those it sets at its top, those of the document, then the environment's. */
export class Context {
  readonly vars = new Map<string, PyValue>()
  /** Whether output is escaped right now. */
  autoescape = false

  constructor(
    readonly environment: Environment,
    private readonly given: PyDict,
    readonly blocks: ReadonlyMap<string, RenderBlock>,
    private readonly locals: PyDict | null = null,
  ) {}

  /** The value of a name, undefined where it has none. */
  resolve(name: string): PyValue | undefined {
    const own = this.vars.get(name)
    if (own !== undefined) return own
    const local = this.locals?.get(name)
    if (local !== undefined) return local
    const given = this.given.get(name)
    return given !== undefined ? given : this.environment.globals.get(name)
  }

  /** A context for a scoped block, which sees these names too. */
  derived(locals: PyDict): Context {
    const all = new Map([...(this.locals ?? []), ...this.vars, ...locals])
    const context = new Context(this.environment, this.given, this.blocks, all)
    context.autoescape = this.autoescape
    return context
  }

  undefined(message: string): Undefined {
    return new Undefined(message, this.environment.strict)
  }
}
