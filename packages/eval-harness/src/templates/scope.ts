import type { PyDict, PyValue } from '../python/value.js'
import type { Keywords } from './filters.js'

/** A macro of a template: the text that it produces for some arguments. */
export type Macro = (args: readonly PyValue[], keywords: Keywords) => string

/** What namespace() makes: a dict whose members templates may set, also from inner blocks. */
export class Namespace extends Map<string, PyValue> {}

/** Names visible in a block: those of the document, then those that the template sets. */
export class Scope {
  readonly #own = new Map<string, PyValue>()
  /** Macros of the whole template by name. */
  readonly macros: Map<string, Macro>

  constructor(readonly parent: PyDict | Scope) {
    this.macros = parent instanceof Scope ? parent.macros : new Map()
  }

  get(name: string): PyValue | undefined {
    return this.#own.get(name) ?? this.parent.get(name)
  }

  has(name: string): boolean {
    return this.#own.has(name) || this.parent.has(name)
  }

  set(name: string, value: PyValue): void {
    this.#own.set(name, value)
  }
}
