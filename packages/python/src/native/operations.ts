import { binary } from '../templates/operators.js'
import { pyRepr } from '../text/text.js'
import { sliceList } from '../values/slice.js'
import { isDict, isTrue, PyFloat, PyTuple, type PyValue } from '../values/value.js'
import { NumberArray } from './number-array.js'
import { Unsupported } from './unsupported.js'
import { Callable, isList, isThing, type Key, keyOf, makeTuple, PySet, Raised, safe, type Value } from './values.js'

export function attribute(object: Value, name: string): Value {
  if (isThing(object)) return object.attribute(name)
  throw new Unsupported(`the attribute ${name}`)
}

export function setOf(items: readonly Value[]): PySet {
  return new PySet(new Map(items.map((value) => [keyOf(value), value])))
}

export function compareOnce(operator: string, left: Value, right: Value): Value {
  if (left instanceof NumberArray || right instanceof NumberArray) return NumberArray.operate(operator, left, right)
  if (operator === 'is' || operator === 'is not') {
    if (left !== null && right !== null && typeof left !== 'boolean' && typeof right !== 'boolean')
      throw new Unsupported('is')
    return (left === right) === (operator === 'is')
  }
  if (operator === 'in' || operator === 'not in') return contains(right, left) === (operator === 'in')
  if (left instanceof PyTuple !== right instanceof PyTuple && isList(left) && isList(right)) {
    if (operator === '==' || operator === '!=') return operator === '!='
    throw new Raised('TypeError', `'${operator}' not supported between a tuple and a list`)
  }
  if (left instanceof PySet || right instanceof PySet || left instanceof Callable || right instanceof Callable)
    throw new Unsupported(`${operator} of this`)
  return binary(operator, left as PyValue, right as PyValue)
}

function contains(container: Value, value: Value): boolean {
  if (container instanceof PySet) return container.members.has(keyOf(value))
  if (isDict(container)) return (container as ReadonlyMap<Key, Value>).has(keyOf(value))
  if (isThing(container)) throw new Unsupported('in')
  if (isList(container)) return container.some((member) => compareOnce('==', member, value) === true)
  return binary('in', value as PyValue, container as PyValue) as boolean
}

export function operate(operator: string, left: Value, right: Value): Value {
  if (left instanceof NumberArray || right instanceof NumberArray) return NumberArray.operate(operator, left, right)
  // + of truth values is numpy's "or" when they come from numpy; % of a text formats it
  if (typeof left === 'boolean' && typeof right === 'boolean') throw new Unsupported('arithmetic with truth values')
  if (!['+', '-', '*', '/', '//', '%', '**'].includes(operator) || (operator === '%' && typeof left === 'string'))
    throw new Unsupported(operator)
  if (typeof left === 'bigint' || typeof right === 'bigint' || left instanceof PySet || right instanceof PySet)
    throw new Unsupported(`${operator} of this`)
  if (left instanceof PyTuple || right instanceof PyTuple) {
    if (operator === '+' && left instanceof PyTuple && right instanceof PyTuple) return makeTuple([...left, ...right])
    throw new Unsupported(`${operator} of a tuple`)
  }
  const result = binary(operator, left as PyValue, right as PyValue)
  if (typeof result === 'number') return safe(result)
  if (result instanceof PyFloat && operator === '**') throw new Unsupported('a power of floats')
  return result
}

export function truth(value: Value): boolean {
  if (value instanceof PySet) return value.members.size > 0
  if (value instanceof Callable) return true
  if (isThing(value)) throw new Unsupported('the truth of this')
  return isTrue(value as PyValue)
}

/** The items of something that can be gone through. */
export function iterate(value: Value): readonly Value[] {
  if (typeof value === 'string') return [...value]
  if (isList(value)) return value instanceof PyTuple ? [...value] : value
  if (isDict(value)) return [...(value as ReadonlyMap<Key, Value>).keys()]
  if (isThing(value) && 'items' in value) return (value as unknown as { items(): readonly Value[] }).items()
  if (value === null || typeof value !== 'object' || value instanceof PyFloat)
    throw new Raised('TypeError', 'the object is not iterable')
  throw new Unsupported('iteration over this')
}

export function place(list: readonly unknown[], index: Value): number {
  const at = typeof index === 'boolean' ? Number(index) : index
  if (typeof at !== 'number') throw new Raised('TypeError', 'list indices must be integers or slices')
  const found = at < 0 ? list.length + at : at
  if (found < 0 || found >= list.length) throw new Raised('IndexError', 'list index out of range')
  return found
}

export function item(object: Value, index: Value): Value {
  if (object instanceof NumberArray) return object.pick(index)
  if (typeof object === 'string') {
    const characters = [...object]
    return characters[place(characters, index)]!
  }
  if (isList(object)) return object[place(object, index)]!
  if (isDict(object)) {
    const dict = object as ReadonlyMap<Key, Value>
    const key = keyOf(index)
    if (!dict.has(key)) throw new Raised('KeyError', pyRepr(index as PyValue))
    return dict.get(key)!
  }
  if (isThing(object) && 'at' in object) return (object as unknown as { at(index: Value): Value }).at(index)
  if (object === null) throw new Raised('TypeError', "'NoneType' object is not subscriptable")
  throw new Unsupported('an index of this')
}

export function slice(object: Value, start: Value, end: Value, step: Value): Value {
  const list: readonly Value[] | null = typeof object === 'string' ? [...object] : isList(object) ? object : null
  if (list === null) throw new Unsupported('a slice of this')
  if (step !== null && (typeof step !== 'number' || step === 0)) throw new Unsupported('this step')
  const bound = (value: Value): number | null => {
    if (value === null || typeof value === 'number') return value
    throw new Raised('TypeError', 'slice indices must be integers')
  }
  const picked = sliceList(list, bound(start), bound(end), step)
  if (typeof object === 'string') return picked.join('')
  return object instanceof PyTuple ? makeTuple(picked) : picked
}
