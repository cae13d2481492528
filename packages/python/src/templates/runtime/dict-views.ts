import { pyRepr } from '../../text/text.js'
import { hasKey } from '../../values/dict-keys.js'
import { equals, type PyDict, PyObject, PyTuple, type PyValue, tupleOf } from '../../values/value.js'

/** What keys(), values() and items() of a dict return: a look at the dict as it is then. */
export class DictView extends PyObject {
  readonly typeName: string
  override readonly reversible: string

  constructor(
    readonly kind: 'keys' | 'values' | 'items',
    readonly dict: PyDict,
  ) {
    super()
    this.typeName = `dict_${kind}`
    this.reversible = `dict_reverse${kind.slice(0, -1)}iterator`
  }

  override truth(): boolean {
    return this.dict.size > 0
  }

  override equals(other: PyValue): boolean {
    if (!(other instanceof DictView) || this.kind === 'values' || other.kind === 'values') return this === other
    const theirs = [...other.members()]
    return theirs.length === this.dict.size && theirs.every((item) => this.contains(item))
  }

  override repr(): string {
    return `${this.typeName}([${[...this.members()].map(pyRepr).join(', ')}])`
  }

  *members(): Generator<PyValue> {
    for (const [key, value] of this.dict)
      yield this.kind === 'keys' ? key : this.kind === 'values' ? value : tupleOf([key, value])
  }

  override iterate(): Iterator<PyValue> {
    return this.members()
  }

  override length(): number {
    return this.dict.size
  }

  override contains(item: PyValue): boolean {
    if (this.kind === 'keys') return hasKey(this.dict, item)
    if (this.kind === 'items' && !(item instanceof PyTuple)) return false
    for (const member of this.members()) if (equals(member, item)) return true
    return false
  }
}
