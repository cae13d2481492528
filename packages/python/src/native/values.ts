import { PyObject } from '../values/python-object.js'
import { isDict, numberOf, PyFloat, PyTuple, type PyValue, tupleOf } from '../values/value.js'
import { Unsupported } from './unsupported.js'

/** A tuple; lists are plain arrays. */
export function makeTuple(items: Iterable<Value>): Value {
  return tupleOf(items as Iterable<PyValue>)
}

/** A Python set: members by their key. */
export class PySet {
  constructor(readonly members: ReadonlyMap<Key, Value>) {}
}

/** Something that can be called: a function, a class, a method. */
export class Callable {
  constructor(
    readonly name: string,
    readonly call: (args: readonly Value[], keywords: ReadonlyMap<string, Value>) => Value,
  ) {}
}

/** A value with attributes of its own: a module, a match of a regular expression, a dataset. */
export interface Thing {
  /** undefined: there is no such attribute here; Unsupported: Python may have one. */
  attribute(name: string): Value
}

export type Value = PyValue | Callable | PySet | Thing | readonly Value[] | Map<Key, Value>

/** A key of a dict: equal keys are one, so 1, 1.0 and True are the number 1. */
export type Key = string | number | bigint | null

export function keyOf(value: Value): Key {
  if (typeof value === 'string' || value === null) return value
  const number = typeof value === 'bigint' ? null : numberOf(value as PyValue)
  if (number !== null) return number
  throw new Unsupported('a key that is neither text nor number')
}

export function isThing(value: Value): value is Thing {
  return typeof value === 'object' && value !== null && 'attribute' in value && !(value instanceof PyObject)
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value)
}

/** A value that leaves the interpreter: tuples as lists; functions, sets and dicts with other keys than texts do not leave. */
export function toPython(value: Value): PyValue {
  return outside(value, false)
}

/** A value as str() and repr() print it. */
export function printable(value: Value): PyValue {
  return outside(value, true)
}

function outside(value: Value, tuples: boolean): PyValue {
  if (Array.isArray(value)) {
    const items = Array.from(value as readonly Value[], (item) => outside(item, tuples))
    return tuples && value instanceof PyTuple ? tupleOf(items) : items
  }
  if (isDict(value)) {
    const entries = [...(value as ReadonlyMap<Key, Value>)].map(([key, item]): [string, PyValue] => {
      if (typeof key !== 'string') throw new Unsupported('a dict whose keys are not texts')
      return [key, outside(item, tuples)]
    })
    return new Map(entries)
  }
  if (value instanceof Callable || value instanceof PySet || isThing(value))
    throw new Unsupported('a result that is no data')
  return value as PyValue
}

/** A copy whose parts may be changed. */
export function deepCopy<Kind extends Value>(value: Kind): Kind {
  if (value instanceof PyTuple || Array.isArray(value)) {
    const copy: Value[] = value instanceof PyTuple ? (new PyTuple() as unknown as Value[]) : []
    for (const item of value as readonly Value[]) copy.push(deepCopy(item))
    return copy as unknown as Kind
  }
  if (!isDict(value)) return value
  return new Map([...(value as ReadonlyMap<Key, Value>)].map(([key, item]) => [key, deepCopy(item)])) as unknown as Kind
}

/** An exception of Python. */
export class Raised extends Error {
  override name = 'Raised'

  constructor(
    readonly exception: string,
    message: string,
  ) {
    super(message)
  }
}

/** sum() of numbers; with floats among them compensated, as CPython adds since 3.12. */
export function sum(items: readonly Value[]): PyValue {
  const numbers = items.map((item) => {
    const number = typeof item === 'bigint' ? null : numberOf(item as PyValue)
    if (number === null) throw new Unsupported('sum() of something else than numbers')
    return number
  })
  if (!items.some((item) => item instanceof PyFloat)) return safe(numbers.reduce((total, number) => total + number, 0))
  let total = 0
  let lost = 0
  for (const number of numbers) {
    const next = total + number
    lost += Math.abs(total) >= Math.abs(number) ? total - next + number : number - next + total
    total = next
  }
  return new PyFloat(Number.isFinite(lost) ? total + lost : total)
}

/** An int that JavaScript's numbers hold exactly. */
export function safe(value: number): number {
  if (Number.isSafeInteger(value)) return value
  throw new Unsupported('an int beyond 2**53')
}
