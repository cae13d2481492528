import { makeRoom } from '../budget/budget.js'
import { percentFormat } from '../text/percent-format.js'
import { compareCodePoints, pyRepr, pyStr } from '../text/text.js'
import { hasKey } from '../values/dict-keys.js'
import { PythonError } from '../values/python-error.js'
import {
  equals,
  exactNumber,
  isDict,
  isTrue,
  PyFloat,
  PyObject,
  PyTuple,
  type PyValue,
  tupleOf,
  typeName,
} from '../values/value.js'
import { type Arithmetic, add, arithmetic, narrow } from './arithmetic.js'
import { each } from './runtime/iteration.js'
import { Markup, textOf, toMarkup } from './runtime/markup.js'
import { Undefined } from './runtime/undefined.js'

export { narrow }

/** Applies one of Python's binary operators; `and` and `or` are not among them, for they do not always look at both sides. */
export function binary(operator: string, left: PyValue, right: PyValue): PyValue {
  switch (operator) {
    case '==':
      return equals(left, right)
    case '!=':
      return !equals(left, right)
    case 'in':
      return contains(right, left)
    case 'not in':
      return !contains(right, left)
    case '<':
      return compare(left, right, operator) < 0
    case '>':
      return compare(left, right, operator) > 0
    case '<=':
      return compare(left, right, operator) <= 0
    case '>=':
      return compare(left, right, operator) >= 0
    default:
      return calculate(operator, left, right)
  }
}

/** item in container */
export function contains(container: PyValue, item: PyValue): boolean {
  if (typeof container === 'string') {
    const text = textOf(item)
    if (text === null) {
      throw new PythonError('TypeError', `'in <string>' requires string as left operand, not ${typeName(item)}`)
    }
    return container.includes(text)
  }
  if (isDict(container)) return hasKey(container, item instanceof Markup ? item.text : item)
  if (container instanceof PyObject) {
    if (container.contains) return container.contains(item)
    if (!container.iterate)
      throw new PythonError('TypeError', `argument of type '${typeName(container)}' is not iterable`)
  } else if (!Array.isArray(container))
    throw new PythonError('TypeError', `argument of type '${typeName(container)}' is not iterable`)
  for (const member of each(container)) if (member === item || equals(member, item)) return true
  return false
}

/** Negative, zero or positive; NaN where neither holds. Numbers with numbers, texts by code point, lists member by member. */
export function compare(left: PyValue, right: PyValue, operator: string): number {
  const [a, b] = [exactNumber(left), exactNumber(right)]
  if (a !== null && b !== null) {
    const neither = Number.isNaN(Number(a)) || Number.isNaN(Number(b))
    return neither ? Number.NaN : a < b ? -1 : Number(a > b)
  }
  const [one, other] = [textOf(left), textOf(right)]
  if (one !== null && other !== null) return compareCodePoints(one, other)
  if (Array.isArray(left) && Array.isArray(right) && left instanceof PyTuple === right instanceof PyTuple) {
    for (let index = 0; index < Math.min(left.length, right.length); index++) {
      const [x, y] = [left[index] as PyValue, right[index] as PyValue]
      if (x !== y && !equals(x, y)) return compare(x, y, operator)
    }
    return left.length - right.length
  }
  for (const side of [left, right]) if (side instanceof Undefined) throw side.error()
  throw new PythonError(
    'TypeError',
    `'${operator}' not supported between instances of '${typeName(left)}' and '${typeName(right)}'`,
  )
}

function calculate(operator: string, left: PyValue, right: PyValue): PyValue {
  if (left instanceof Undefined) throw left.error()
  // a text formats before what stands right is asked
  if (operator === '%' && typeof left === 'string') return formatted(left, right)
  if (right instanceof Undefined) throw right.error()
  if (operator === '~') return joined(pyStr(left), pyStr(right))
  const [a, b] = [exactNumber(left), exactNumber(right)]
  if (a !== null && b !== null) {
    const isFloat = left instanceof PyFloat || right instanceof PyFloat
    return arithmetic(operator as Arithmetic, a, b, isFloat)
  }
  return sequences(operator, left, right)
}

/** template % values */
export function formatted(template: string, values: PyValue): string {
  return percentFormat(template, values)
}

/** Markup % values: what is put in is escaped. */
function formattedMarkup(template: string, values: PyValue): Markup {
  const texts = {
    str: (value: PyValue) => toMarkup(value).text,
    repr: (value: PyValue) => toMarkup(pyRepr(value)).text,
  }
  return new Markup(percentFormat(template, values, texts))
}

function sequences(operator: string, left: PyValue, right: PyValue): PyValue {
  if (left instanceof Markup || right instanceof Markup) {
    const result = markupOperation(operator, left, right)
    if (result !== null) return result
  } else if (operator === '+') {
    if (typeof left === 'string' && typeof right === 'string') return joined(left, right)
    const bothLists = Array.isArray(left) && Array.isArray(right)
    if (bothLists) makeRoom(8 * (left.length + right.length))
    if (bothLists && left instanceof PyTuple === right instanceof PyTuple)
      return left instanceof PyTuple ? tupleOf([...left, ...right]) : (left as PyValue[]).concat(right as PyValue[])
    if (typeof left === 'string')
      throw new PythonError('TypeError', `can only concatenate str (not "${typeName(right)}") to str`)
  }
  if (operator === '*') {
    const result = repeated(left, right) ?? repeated(right, left)
    if (result !== null) return result
  }
  throw new PythonError(
    'TypeError',
    `unsupported operand type(s) for ${operator}: '${typeName(left)}' and '${typeName(right)}'`,
  )
}

function joined(left: string, right: string): string {
  makeRoom(left.length + right.length)
  return left + right
}

function markupOperation(operator: string, left: PyValue, right: PyValue): PyValue | null {
  const [one, other] = [textOf(left), textOf(right)]
  if (operator === '+' && one !== null && other !== null) return new Markup(toMarkup(left).text + toMarkup(right).text)
  if (operator === '%' && left instanceof Markup) return formattedMarkup(left.text, right)
  return null
}

function repeated(sequence: PyValue, count: PyValue): PyValue | null {
  if (typeof count !== 'number' && typeof count !== 'boolean') return null
  const times = Math.max(0, Number(count))
  const text = textOf(sequence)
  const size = text?.length ?? (Array.isArray(sequence) ? sequence.length : 0)
  makeRoom((text === null ? 8 : 1) * size * times)
  if (text !== null) return sequence instanceof Markup ? new Markup(text.repeat(times)) : text.repeat(times)
  if (!Array.isArray(sequence)) return null
  const items = Array.from({ length: times }, () => sequence as readonly PyValue[]).flat(1)
  return sequence instanceof PyTuple ? tupleOf(items) : items
}

/** Unary minus, plus and not. */
export function unary(operator: string, value: PyValue): PyValue {
  if (operator === 'not') return !isTrue(value)
  if (value instanceof Undefined) throw value.error()
  const number = exactNumber(value)
  if (number === null)
    throw new PythonError('TypeError', `bad operand type for unary ${operator}: '${typeName(value)}'`)
  if (value instanceof PyFloat) return operator === '-' ? new PyFloat(-value.value) : value
  if (typeof number === 'bigint') return narrow(operator === '-' ? -number : number)
  return (operator === '-' ? -number : number) + 0
}

/** sum of values, from a start. */
export function total(values: Iterable<PyValue>, start: PyValue): PyValue {
  let sum = start
  for (const value of values) sum = add(sum, value) ?? binary('+', sum, value)
  return sum
}
