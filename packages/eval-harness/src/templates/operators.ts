import { percentFormat } from '../python/percent-format.js'
import { pyStr } from '../python/text.js'
import { equals, isDict, isTrue, numberOf, PyFloat, PyTuple, type PyValue, tupleOf, typeName } from '../python/value.js'
import { TemplateError } from './template-error.js'

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
      return arithmetic(operator, left, right)
  }
}

function contains(container: PyValue, item: PyValue): boolean {
  if (typeof container === 'string') {
    if (typeof item !== 'string')
      throw new TemplateError('TypeError', `'in <string>' requires string as left operand, not ${typeName(item)}`)
    return container.includes(item)
  }
  if (Array.isArray(container)) return container.some((member: PyValue) => equals(member, item))
  if (isDict(container)) return typeof item === 'string' && container.has(item)
  throw new TemplateError('TypeError', `argument of type '${typeName(container)}' is not iterable`)
}

/** Negative, zero or positive; numbers with numbers, texts by code point, lists member by member. */
export function compare(left: PyValue, right: PyValue, operator: string): number {
  const [a, b] = [numberOf(left), numberOf(right)]
  if (a !== null && b !== null) return a - b
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right)
  if (Array.isArray(left) && Array.isArray(right)) {
    for (let index = 0; index < Math.min(left.length, right.length); index++) {
      if (!equals(left[index]!, right[index]!)) return compare(left[index]!, right[index]!, operator)
    }
    return left.length - right.length
  }
  throw new TemplateError(
    'TypeError',
    `'${operator}' not supported between instances of '${typeName(left)}' and '${typeName(right)}'`,
  )
}

function compareText(a: string, b: string): number {
  const [left, right] = [[...a], [...b]]
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const difference = left[index]!.codePointAt(0)! - right[index]!.codePointAt(0)!
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

function arithmetic(operator: string, left: PyValue, right: PyValue): PyValue {
  if (operator === '~') return pyStr(left) + pyStr(right)
  if (operator === '%' && typeof left === 'string') return formatted(left, right)
  const [a, b] = [numberOf(left), numberOf(right)]
  if (a === null || b === null) return sequenceArithmetic(operator, left, right)
  const isFloat = left instanceof PyFloat || right instanceof PyFloat || operator === '/'
  if (['/', '//', '%'].includes(operator) && b === 0) throw new TemplateError('ZeroDivisionError', 'division by zero')
  if (isFloat || (operator === '**' && b < 0)) return new PyFloat(compute(operator, a, b))
  const result = compute(operator, a, b)
  // ints are exact in Python
  const exact = [a, b, result].every(Number.isSafeInteger)
  return exact ? result : narrow(computeExact(operator, integer(left), integer(right)))
}

/** template % values */
export function formatted(template: string, values: PyValue): string {
  try {
    return percentFormat(template, values)
  } catch (error) {
    throw new TemplateError('TypeError', (error as Error).message)
  }
}

function integer(value: PyValue): bigint {
  return typeof value === 'bigint' ? value : BigInt(Number(value))
}

function narrow(value: bigint): PyValue {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

function computeExact(operator: string, a: bigint, b: bigint): bigint {
  switch (operator) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '//':
      return (a - (((a % b) + b) % b)) / b
    case '%':
      return ((a % b) + b) % b
    case '**':
      return a ** b
    default:
      throw new TemplateError('TemplateSyntaxError', `unknown operator ${operator}`)
  }
}

function compute(operator: string, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return a / b
    case '//':
      return Math.floor(a / b)
    case '%':
      // the result has the divisor's sign
      return a - b * Math.floor(a / b)
    case '**':
      return a ** b
    default:
      throw new TemplateError('TemplateSyntaxError', `unknown operator ${operator}`)
  }
}

function sequenceArithmetic(operator: string, left: PyValue, right: PyValue): PyValue {
  if (operator === '+') {
    if (typeof left === 'string' && typeof right === 'string') return left + right
    if (Array.isArray(left) && Array.isArray(right) && typeName(left) === typeName(right))
      return left instanceof PyTuple ? tupleOf([...left, ...right]) : [...left, ...right]
    if (typeof left === 'string')
      throw new TemplateError('TypeError', `can only concatenate str (not "${typeName(right)}") to str`)
  }
  if (operator === '*') {
    const [sequence, count] = typeof right === 'number' ? [left, right] : [right, left]
    if (typeof sequence === 'string' && typeof count === 'number') return sequence.repeat(Math.max(0, count))
    if (Array.isArray(sequence) && typeof count === 'number')
      return Array.from({ length: Math.max(0, count) }, () => sequence).flat()
  }
  throw new TemplateError(
    'TypeError',
    `unsupported operand type(s) for ${operator}: '${typeName(left)}' and '${typeName(right)}'`,
  )
}

/** Unary minus, plus and not. */
export function unary(operator: string, value: PyValue): PyValue {
  if (operator === 'not') return !isTrue(value)
  const number = numberOf(value)
  if (number === null)
    throw new TemplateError('TypeError', `bad operand type for unary ${operator}: '${typeName(value)}'`)
  if (typeof value === 'bigint') return operator === '-' ? -value : value
  const result = operator === '-' ? -number : number
  return value instanceof PyFloat ? new PyFloat(result) : result + 0
}
