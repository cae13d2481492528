import { PythonError } from './python-error.js'
import type { PyValue } from './value.js'

/**
 * A Python object beyond plain data, as templates have them: ranges, generators, functions, undefined names. Its members are Python's protocols;
 * what a type does not define behaves as on a plain object.
 */
export abstract class PyObject {
  /** Python's name of the type. */
  abstract readonly typeName: string

  /** bool(object) */
  truth(): boolean {
    return true
  }

  /** `==`, identity unless a type knows better. */
  equals(other: PyValue): boolean {
    return this === other
  }

  /** repr(object); Python prints an address where a type has no text of its own, which no two runs share. */
  repr(): string {
    throw new PythonError('TypeError', `a ${this.typeName} prints as an address, which differs from run to run`)
  }

  /** str(object) */
  str(): string {
    return this.repr()
  }

  /** Raises where hash(object) would. */
  hash(): void {}

  /** iter(object); undefined where it cannot be iterated. */
  iterate?(): Iterator<PyValue>

  /** Name of the type of reversed(object); undefined where it cannot be reversed. */
  readonly reversible?: string

  /** What reversed(object) goes through from the end, where that is not what iter(object) gives. */
  reversedItems?(): readonly PyValue[]

  /** len(object); undefined where it has none. */
  length?(): number

  /** object[key] for types that have it. Undefined where there is no such item. */
  item?(key: PyValue): PyValue | undefined

  /** Whether the type has object[key] at all. */
  get subscriptable(): boolean {
    return this.item !== undefined
  }

  /** An attribute; undefined where there is none. */
  attribute(_name: string): PyValue | undefined {
    return undefined
  }

  /** `item in object`; by iteration where a type has no way of its own. */
  contains?(item: PyValue): boolean

  /** format(object, spec) for a spec that is not empty. */
  format?(spec: string): string

  /** object(...) */
  call?(args: readonly PyValue[], keywords: ReadonlyMap<string, PyValue>): PyValue
}
