import { unary } from '../templates/operators.js'
import { pyRepr, pyStr } from '../text/text.js'
import { isDict, PyTuple, type PyValue } from '../values/value.js'
import { method } from './methods.js'
import { attribute, compareOnce, item, iterate, operate, place, setOf, slice, truth } from './operations.js'
import type { Scope } from './scope.js'
import type { Argument, Comprehension, Expression, Parameter, Target } from './syntax.js'
import { countTurn } from './turns.js'
import { Unsupported } from './unsupported.js'
import {
  Callable,
  isList,
  isThing,
  type Key,
  keyOf,
  makeTuple,
  PySet,
  printable,
  Raised,
  type Value,
} from './values.js'

/** The value of an expression. Throws Raised for Python's exceptions, Unsupported for what is left to CPython. */
export function evaluate(expression: Expression, scope: Scope): Value {
  switch (expression.kind) {
    case 'constant':
      return expression.value
    case 'name':
      return scope.get(expression.name)
    case 'text':
      return expression.pieces
        .map((piece) => {
          if (typeof piece === 'string') return piece
          const value = printable(evaluate(piece.value, scope))
          return piece.repr ? pyRepr(value) : pyStr(value)
        })
        .join('')
    case 'list':
      return expression.items.map((item) => evaluate(item, scope))
    case 'tuple':
      return makeTuple(expression.items.map((item) => evaluate(item, scope)))
    case 'set':
      return setOf(expression.items.map((item) => evaluate(item, scope)))
    case 'dict': {
      const dict = new Map<Key, Value>()
      for (const [key, item] of expression.entries) {
        const value = evaluate(item, scope)
        if (key !== null) dict.set(keyOf(evaluate(key, scope)), value)
        else if (isDict(value)) for (const [inner, part] of value as ReadonlyMap<Key, Value>) dict.set(inner, part)
        else throw new Unsupported('** of something else than a dict')
      }
      return dict
    }
    case 'attribute':
      return attribute(evaluate(expression.of, scope), expression.name)
    case 'index':
      return item(evaluate(expression.of, scope), evaluate(expression.index, scope))
    case 'slice': {
      const part = (value: Expression | null) => (value === null ? null : evaluate(value, scope))
      return slice(evaluate(expression.of, scope), part(expression.start), part(expression.end), part(expression.step))
    }
    case 'call':
      return call(expression.of, expression.args, scope)
    case 'unary': {
      const value = evaluate(expression.value, scope)
      if (expression.operator === 'not') return !truth(value)
      if (expression.operator === '~') throw new Unsupported('~')
      return unary(expression.operator, value as PyValue)
    }
    case 'binary':
      return operate(expression.operator, evaluate(expression.left, scope), evaluate(expression.right, scope))
    case 'compare':
      return comparison(expression, scope)
    case 'and': {
      const left = evaluate(expression.left, scope)
      return truth(left) ? evaluate(expression.right, scope) : left
    }
    case 'or': {
      const left = evaluate(expression.left, scope)
      return truth(left) ? left : evaluate(expression.right, scope)
    }
    case 'choice':
      return evaluate(truth(evaluate(expression.condition, scope)) ? expression.yes : expression.no, scope)
    case 'lambda':
      return makeFunction('<lambda>', expression.parameters, scope, (own) => evaluate(expression.body, own))
    case 'comprehension':
      return comprehend(expression, scope)
  }
}

function comprehend(node: Extract<Expression, { kind: 'comprehension' }>, scope: Scope): Value {
  const values: Value[] = []
  const dict = new Map<Key, Value>()
  const own = scope.inner()
  const loop = (loops: readonly Comprehension[]): void => {
    const [first, ...rest] = loops
    if (first === undefined) {
      if (node.key !== null) dict.set(keyOf(evaluate(node.key, own)), evaluate(node.value, own))
      else values.push(evaluate(node.value, own))
      return
    }
    for (const value of iterate(evaluate(first.from, own))) {
      countTurn()
      assign(first.target, value, own)
      if (first.conditions.every((condition) => truth(evaluate(condition, own)))) loop(rest)
    }
  }
  loop(node.loops)
  return node.of === 'dict' ? dict : node.of === 'set' ? setOf(values) : values
}

function call(of: Expression, args: readonly Argument[], scope: Scope): Value {
  const values: Value[] = []
  const keywords = new Map<string, Value>()
  const collect = () => {
    for (const { name, star, value } of args) {
      const evaluated = evaluate(value, scope)
      if (name !== null) keywords.set(name, evaluated)
      else if (star) values.push(...iterate(evaluated))
      else values.push(evaluated)
    }
  }
  if (of.kind === 'attribute') {
    const object = evaluate(of.of, scope)
    if (!isThing(object) && !(object instanceof Callable) && !(object instanceof PySet)) {
      collect()
      return method(object, of.name, values, keywords)
    }
    const found = attribute(object, of.name)
    collect()
    if (found instanceof Callable) return found.call(values, keywords)
    throw new Unsupported('a call of this')
  }
  const callee = evaluate(of, scope)
  if (!(callee instanceof Callable)) throw new Unsupported('a call of this')
  collect()
  return callee.call(values, keywords)
}

function comparison({ first, rest }: Extract<Expression, { kind: 'compare' }>, scope: Scope): Value {
  let left = evaluate(first, scope)
  for (const [operator, expression] of rest) {
    const right = evaluate(expression, scope)
    const result = compareOnce(operator, left, right)
    if (rest.length === 1) return result
    if (!truth(result)) return false
    left = right
  }
  return true
}

/** A function of Python as something to call. */
export function makeFunction(
  name: string,
  parameters: readonly Parameter[],
  scope: Scope,
  body: (scope: Scope) => Value,
): Callable {
  const fallbacks = parameters.map(({ fallback }) => (fallback === null ? undefined : evaluate(fallback, scope)))
  return new Callable(name, (args, keywords) => {
    countTurn()
    const own = scope.inner()
    if (args.length > parameters.length)
      throw new Raised(
        'TypeError',
        `${name}() takes ${parameters.length} positional arguments but ${args.length} were given`,
      )
    parameters.forEach((parameter, index) => {
      const value = index < args.length ? args[index] : (keywords.get(parameter.name) ?? fallbacks[index])
      if (value === undefined)
        throw new Raised('TypeError', `${name}() missing 1 required positional argument: '${parameter.name}'`)
      own.set(parameter.name, value)
    })
    const wrong = [...keywords.keys()].find((key) => !parameters.some((parameter) => parameter.name === key))
    if (wrong !== undefined) throw new Raised('TypeError', `${name}() got an unexpected keyword argument '${wrong}'`)
    return body(own)
  })
}

/** Gives a value to a name, to names side by side, or to a place in a list or dict. */
export function assign(target: Target, value: Value, scope: Scope): void {
  switch (target.kind) {
    case 'name':
      scope.set(target.name, value)
      return
    case 'tuple':
    case 'list': {
      const items = iterate(value)
      if (items.length !== target.items.length)
        throw new Raised('ValueError', `expected ${target.items.length} values to unpack, got ${items.length}`)
      target.items.forEach((part, index) => void assign(part, items[index]!, scope))
      return
    }
    case 'index': {
      const of = evaluate(target.of, scope)
      const index = evaluate(target.index, scope)
      if (isDict(of)) (of as unknown as Map<Key, Value>).set(keyOf(index), value)
      else if (isList(of) && !(of instanceof PyTuple)) (of as Value[])[place(of, index)] = value
      else throw new Unsupported('assignment to this')
      return
    }
    default:
      throw new Unsupported('assignment to this')
  }
}
