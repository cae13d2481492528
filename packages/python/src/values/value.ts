import { PythonError } from './python-error.js'

/**
 * Python's values as they occur in task files and documents. Prompts, hashes and results show the difference between 1 and 1.0, so
 * every float is a PyFloat and a plain number is always an int; a dict is a Map, whose order is that of insertion for any key.
 */
export type PyValue = null | boolean | number | bigint | PyFloat | string | readonly PyValue[] | PyDict | PyObject

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

/** A Python float. */
export class PyFloat {
  constructor(readonly value: number) {}
}

/** A Python tuple: a list that prints in parentheses and equals no list. */
export class PyTuple extends Array<PyValue> {}

/** A tuple of these items. */
export function tupleOf(items: Iterable<PyValue>): PyTuple {
  const tuple = new PyTuple()
  for (const item of items) tuple.push(item)
  return tuple
}

/** A Python dict. Keys are texts in documents; dicts that templates make may have others, which dict-keys.ts looks up. */
export type PyDict = ReadonlyMap<string, PyValue>

export function isDict(value: unknown): value is PyDict {
  return value instanceof Map
}

/** The number behind an int, float or bool; null for other values. */
export function numberOf(value: PyValue | undefined): number | null {
  if (value instanceof PyFloat) return value.value
  switch (typeof value) {
    case 'number':
      return value
    case 'bigint':
    case 'boolean':
      return Number(value)
    default:
      return null
  }
}

/** An int from a decimal text: a number where it is exact, else a bigint. */
export function intOf(digits: string): number | bigint {
  const value = Number(digits)
  return Number.isSafeInteger(value) ? value : BigInt(digits)
}

/** Python's type names, for messages and for `is` tests. */
export function typeName(value: PyValue): string {
  if (value === null) return 'NoneType'
  if (value instanceof PyFloat) return 'float'
  if (value instanceof PyObject) return value.typeName
  if (value instanceof PyTuple) return 'tuple'
  if (Array.isArray(value)) return 'list'
  if (isDict(value)) return 'dict'
  const names: Readonly<Record<string, string>> = { boolean: 'bool', number: 'int', bigint: 'int', string: 'str' }
  return names[typeof value]!
}

/** Python's `==`: 1 == 1.0 == True, texts only with texts, lists and dicts by content. */
export function equals(a: PyValue, b: PyValue): boolean {
  if (typeof a === 'string' && typeof b === 'string') return a === b
  if (a instanceof PyObject) return a.equals(b)
  if (b instanceof PyObject) return b.equals(a)
  const [left, right] = [exactNumber(a), exactNumber(b)]
  // biome-ignore lint/suspicious/noDoubleEquals: a bigint equals a number of the same value, compared exactly
  if (left !== null || right !== null) return left !== null && right !== null && left == right
  if (Array.isArray(a) && Array.isArray(b))
    return (
      a.length === b.length &&
      a instanceof PyTuple === b instanceof PyTuple &&
      a.every((item: PyValue, index: number) => item === b[index] || equals(item, b[index]!))
    )
  if (isDict(a) && isDict(b))
    return (
      a.size === b.size &&
      [...a].every(([key, value]) => {
        // keys that are no texts may be equal without being the same
        const own = b.has(key)
          ? key
          : typeof key === 'string'
            ? undefined
            : [...b.keys()].find((other) => equals(other, key))
        return own !== undefined && equals(value, b.get(own)!)
      })
    )
  return a === b
}

/** The number behind an int, float or bool, large ints as they are; null for other values. */
export function exactNumber(value: PyValue): number | bigint | null {
  return typeof value === 'bigint' ? value : numberOf(value)
}

/** Python's truth of a value. */
export function isTrue(value: PyValue): boolean {
  if (value === null || value === false) return false
  if (value === true) return true
  if (value instanceof PyObject) return value.truth()
  const number = numberOf(value)
  if (number !== null) return number !== 0
  if (isDict(value)) return value.size > 0
  return (value as string | readonly PyValue[]).length > 0
}

/** A JavaScript value as a Python one: whole numbers become ints, others floats; undefined members are left out. */
export function fromPlain(value: unknown): PyValue {
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? value : new PyFloat(value)
  if (Array.isArray(value)) return value.map(fromPlain)
  if (
    value === null ||
    typeof value !== 'object' ||
    value instanceof PyFloat ||
    value instanceof Map ||
    value instanceof PyObject
  )
    return value as PyValue
  return new Map(
    Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[key, fromPlain(item)] as const])),
  )
}

/** A Python value as a JavaScript one: floats and large ints become numbers, dicts objects. */
export function toPlain(value: PyValue): unknown {
  if (value instanceof PyObject) return value.str()
  if (value instanceof PyFloat) return value.value
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(toPlain)
  return isDict(value) ? Object.fromEntries([...value].map(([key, item]) => [key, toPlain(item)])) : value
}
