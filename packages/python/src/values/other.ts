import { PythonError } from './python-error.js'
import { PyObject, type PyValue } from './value.js'

/** A Python value that is neither number, text, list nor dict: a date, a Decimal, bytes. Prompts and hashes show its str(). */
export abstract class PyOther extends PyObject {
  /** Equal values of one type have equal keys, and only they. */
  abstract readonly key: string
  /** Name and arguments that make it again in another process; null where only this process has such a value. */
  abstract wire(): readonly [kind: string, ...args: (string | null)[]] | null

  override equals(other: PyValue): boolean {
    return other instanceof PyOther && this.typeName === other.typeName && this.key === other.key
  }

  /** An attribute that is data; undefined where saeval does not know it. */
  member(_name: string): PyValue | undefined {
    return undefined
  }

  /** A method's result; undefined where saeval does not know it, or not with these arguments. */
  method(_name: string, _args: readonly PyValue[]): PyValue | undefined {
    return undefined
  }

  /** Names of the methods that `method` knows. */
  readonly methods: readonly string[] = []

  /** Throws PythonError for an attribute that saeval does not know: Python may have it. */
  override attribute(name: string): PyValue {
    const found = this.member(name)
    if (found !== undefined) return found
    if (this.methods.includes(name)) return new OtherMethod(this, name)
    throw new PythonError('AttributeError', `saeval does not know the attribute ${name} of a ${this.typeName}`)
  }
}

class OtherMethod extends PyObject {
  readonly typeName = 'builtin_function_or_method'

  constructor(
    readonly of: PyOther,
    readonly name: string,
  ) {
    super()
  }

  override call(args: readonly PyValue[], keywords: ReadonlyMap<string, PyValue>): PyValue {
    const found = keywords.size > 0 ? undefined : this.of.method(this.name, args)
    if (found !== undefined) return found
    throw new PythonError('TypeError', `saeval does not know ${this.of.typeName}.${this.name} with these arguments`)
  }
}
