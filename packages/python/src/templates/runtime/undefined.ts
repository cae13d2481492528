import { PythonError } from '../../values/python-error.js'
import { PyObject, type PyValue } from '../../values/value.js'

/**
 * A name or member that is not there. In chat templates it prints as nothing, is false and has no items (jinja2.Undefined); strict ones, those of
 * task templates, raise at any use but `is defined` (StrictUndefined).
 */
export class Undefined extends PyObject {
  readonly typeName: string

  constructor(
    readonly message: string,
    readonly strict: boolean,
    readonly exception = 'UndefinedError',
  ) {
    super()
    this.typeName = strict ? 'StrictUndefined' : 'Undefined'
  }

  /** The error that using it raises. */
  error(): PythonError {
    return new PythonError(this.exception, this.message)
  }

  #unlessStrict<T>(value: T): T {
    if (this.strict) throw this.error()
    return value
  }

  override truth(): boolean {
    return this.#unlessStrict(false)
  }

  override equals(other: PyValue): boolean {
    const both = other instanceof Undefined
    if (both && other.strict) throw other.error()
    return this.#unlessStrict(both)
  }

  override hash(): void {
    this.#unlessStrict(null)
  }

  override repr(): string {
    return 'Undefined'
  }

  override str(): string {
    return this.#unlessStrict('')
  }

  override iterate(): Iterator<PyValue> {
    return this.#unlessStrict([][Symbol.iterator]())
  }

  override length(): number {
    return this.#unlessStrict(0)
  }

  override contains(): boolean {
    return this.#unlessStrict(false)
  }

  override item(): never {
    throw this.error()
  }

  override attribute(name: string): undefined {
    if (name.startsWith('__') && name.endsWith('__')) return undefined
    throw this.error()
  }

  override call(): never {
    throw this.error()
  }
}
