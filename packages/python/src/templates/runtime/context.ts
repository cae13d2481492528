import type { PyDict, PyValue } from '../../values/value.js'
import type { Environment } from './environment.js'
import { Undefined } from './undefined.js'

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
