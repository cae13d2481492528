import { pyRepr } from '../../text/text.js'
import { PythonError } from '../../values/python-error.js'
import { PyObject, type PyValue } from '../../values/value.js'

/** namespace(): members that templates may set, from inner blocks too. */
export class Namespace extends PyObject {
  readonly typeName = 'Namespace'

  constructor(readonly members: Map<string, PyValue>) {
    super()
  }

  override attribute(name: string): PyValue | undefined {
    return this.members.get(name)
  }

  override repr(): string {
    return `<Namespace ${pyRepr(this.members)}>`
  }
}

/** cycler(...): next() gives its items in turn. */
export class Cycler extends PyObject {
  readonly typeName = 'Cycler'
  at = 0

  constructor(readonly cycled: readonly PyValue[]) {
    super()
    if (cycled.length === 0) throw new PythonError('RuntimeError', 'at least one item has to be provided')
  }

  next(): PyValue {
    const item = this.cycled[this.at]!
    this.at = (this.at + 1) % this.cycled.length
    return item
  }
}

/** joiner(separator): nothing at the first call, then the separator. */
export class Joiner extends PyObject {
  readonly typeName = 'Joiner'
  #used = false

  constructor(readonly separator: PyValue) {
    super()
  }

  override call(args: readonly PyValue[]): PyValue {
    if (args.length > 0) throw new PythonError('TypeError', 'a joiner takes no arguments')
    if (this.#used) return this.separator
    this.#used = true
    return ''
  }
}
