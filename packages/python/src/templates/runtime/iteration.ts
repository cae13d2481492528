import { makeRoom } from '../../budget/budget.js'
import { codePoints } from '../../text/text.js'
import { PythonError } from '../../values/python-error.js'
import { isDict, PyObject, PyTuple, type PyValue, typeName } from '../../values/value.js'

/** A generator or iterator: its items come once. */
export class PyIterator extends PyObject {
  constructor(
    readonly items: Iterator<PyValue>,
    readonly typeName = 'generator',
  ) {
    super()
  }

  override iterate(): Iterator<PyValue> {
    return this.items
  }
}

/** iter(value): of a list its items, of a dict its keys, of a text its characters. */
export function iterate(value: PyValue): Iterator<PyValue> {
  if (typeof value === 'string') return value[Symbol.iterator]()
  if (Array.isArray(value)) return value[Symbol.iterator]()
  if (isDict(value)) return value.keys()
  if (value instanceof PyObject && value.iterate) return value.iterate()
  throw new PythonError('TypeError', `'${typeName(value)}' object is not iterable`)
}

/** The same as something that a JavaScript loop takes. */
export function each(value: PyValue): Iterable<PyValue> {
  if (Array.isArray(value)) return value
  return { [Symbol.iterator]: () => iterate(value) }
}

/** list(value) */
export function listOf(value: PyValue): PyValue[] {
  if (typeof value === 'string' || Array.isArray(value)) {
    makeRoom(8 * value.length)
    return [...value]
  }
  const items: PyValue[] = []
  for (const item of each(value)) items.push(item)
  return items
}

/** len(value) */
export function lengthOf(value: PyValue): number {
  const length = knownLength(value)
  if (length === null) throw new PythonError('TypeError', `object of type '${typeName(value)}' has no len()`)
  return length
}

/** len(value), null where there is none. */
export function knownLength(value: PyValue): number | null {
  if (typeof value === 'string') return codePoints(value)
  if (Array.isArray(value)) return value.length
  if (isDict(value)) return value.size
  return value instanceof PyObject && value.length ? value.length() : null
}

function* backwards(list: readonly PyValue[]): Generator<PyValue> {
  for (let at = list.length - 1; at >= 0; at--) yield list[at]!
}

/** reversed(value); null where Python cannot reverse it. */
export function reversed(value: PyValue): PyIterator | null {
  if (value instanceof PyTuple) return new PyIterator(backwards(value), 'reversed')
  if (Array.isArray(value)) return new PyIterator(backwards(value), 'list_reverseiterator')
  if (typeof value === 'string') return new PyIterator(backwards([...value]), 'reversed')
  if (isDict(value)) return new PyIterator(backwards([...value.keys()]), 'dict_reversekeyiterator')
  if (value instanceof PyObject && value.reversible)
    return new PyIterator(backwards(value.reversedItems?.() ?? listOf(value)), value.reversible)
  return null
}
