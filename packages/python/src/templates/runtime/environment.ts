import type { PyDict, PyValue } from '../../values/value.js'
import type { SyntaxOptions } from '../syntax/template-options.js'
import type { Context } from './context.js'
import type { Keywords } from './functions.js'

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
