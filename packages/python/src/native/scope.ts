import { builtin } from './builtins.js'
import { Unsupported } from './unsupported.js'
import type { Value } from './values.js'

/** Names and their values; those of a function see those around it. */
export class Scope {
  readonly #own = new Map<string, Value>()

  constructor(
    readonly parent: Scope | null,
    /** What the module's top level knows. */
    readonly global: (name: string) => Value | undefined,
    /** The module's file, for messages. */
    readonly file: string,
  ) {}

  get(name: string): Value {
    for (let scope: Scope | null = this; scope !== null; scope = scope.parent)
      if (scope.#own.has(name)) return scope.#own.get(name)!
    const value = this.global(name) ?? builtin(name)
    if (value === undefined) throw new Unsupported(`the name ${name}`)
    return value
  }

  set(name: string, value: Value): void {
    this.#own.set(name, value)
  }

  inner(): Scope {
    return new Scope(this, this.global, this.file)
  }
}
