import { pyRepr, pyStr } from '../../python/text.js'
import { isDict, PyTuple, type PyValue } from '../../python/value.js'
import { unary } from '../../templates/operators.js'
import { TemplateError } from '../../templates/template-error.js'
import { builtin } from './builtins.js'
import { method } from './methods.js'
import { attribute, compareOnce, item, iterate, operate, place, setOf, slice, truth } from './operations.js'
import type { Argument, Comprehension, Expression, Parameter, Statement, Target } from './syntax.js'
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

/** Names and their values; those of a function see those around it. */
export class Scope {
  readonly #own = new Map<string, Value>()

  constructor(
    readonly parent: Scope | null,
    /** What the module's top level knows. */
    readonly global: (name: string) => Value | undefined,
    /** The module's file, for messages. */
    readonly file: string,
  ) {}

  get(name: string): Value {
    for (let scope: Scope | null = this; scope !== null; scope = scope.parent)
      if (scope.#own.has(name)) return scope.#own.get(name)!
    const value = this.global(name) ?? builtin(name)
    if (value === undefined) throw new Unsupported(`the name ${name}`)
    return value
  }

  set(name: string, value: Value): void {
    this.#own.set(name, value)
  }

  inner(): Scope {
    return new Scope(this, this.global, this.file)
  }
}

/** How a block of statements ended. */
type Ending = { readonly value: Value } | 'break' | 'continue' | null

/** A function of Python as something to call. */
export function makeFunction(
  name: string,
  parameters: readonly Parameter[],
  scope: Scope,
  body: (scope: Scope) => Value,
): Callable {
  const fallbacks = parameters.map(({ fallback }) => (fallback === null ? undefined : evaluate(fallback, scope)))
  return new Callable(name, (args, keywords) => {
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

/** The function that a def statement makes. */
export function define(node: Extract<Statement, { kind: 'def' }>, scope: Scope): Callable {
  return makeFunction(node.name, node.parameters, scope, (own) => {
    const ending = execute(node.body, own)
    return ending !== null && typeof ending === 'object' ? ending.value : null
  })
}

export function execute(statements: readonly Statement[], scope: Scope): Ending {
  for (const statement of statements) {
    const ending = located(statement, scope)
    if (ending !== null) return ending
  }
  return null
}

/** Runs a statement; an exception learns where it was raised. */
function located(statement: Statement, scope: Scope): Ending {
  try {
    return run(statement, scope)
  } catch (error) {
    if ((error instanceof Raised || error instanceof TemplateError) && !places.has(error))
      places.set(error, `${scope.file}:${statement.line}`)
    throw error
  }
}

/** Where exceptions were raised: "…/utils.py:12". */
export const places = new WeakMap<Error, string>()

function run(statement: Statement, scope: Scope): Ending {
  switch (statement.kind) {
    case 'expression':
      evaluate(statement.value, scope)
      return null
    case 'assign': {
      const value = evaluate(statement.value, scope)
      for (const target of statement.targets) assign(target, value, scope)
      return null
    }
    case 'change': {
      const old = evaluate(statement.target, scope)
      const by = evaluate(statement.value, scope)
      // a list is changed in place, and whoever else holds it sees that
      if (statement.operator === '+' && isList(old) && !(old instanceof PyTuple)) {
        ;(old as Value[]).push(...iterate(by))
        return null
      }
      assign(statement.target, operate(statement.operator, old, by), scope)
      return null
    }
    case 'return':
      return { value: statement.value === null ? null : evaluate(statement.value, scope) }
    case 'if':
      return execute(truth(evaluate(statement.condition, scope)) ? statement.body : statement.otherwise, scope)
    case 'for':
      for (const item of iterate(evaluate(statement.from, scope))) {
        assign(statement.target, item, scope)
        const ending = execute(statement.body, scope)
        if (ending === 'break') break
        if (ending !== null && ending !== 'continue') return ending
      }
      return null
    case 'while':
      while (truth(evaluate(statement.condition, scope))) {
        const ending = execute(statement.body, scope)
        if (ending === 'break') break
        if (ending !== null && ending !== 'continue') return ending
      }
      return null
    case 'def':
      scope.set(statement.name, define(statement, scope))
      return null
    case 'try':
      return attempt(statement, scope)
    case 'raise': {
      const { value } = statement
      const made = value.kind === 'call' ? value.of : value
      if (made.kind !== 'name') throw new Unsupported('raise')
      const [argument] = value.kind === 'call' ? value.args : []
      throw new Raised(made.name, argument === undefined ? '' : pyStr(printable(evaluate(argument.value, scope))))
    }
    case 'assert':
      if (!truth(evaluate(statement.condition, scope))) throw new Raised('AssertionError', '')
      return null
    case 'delete': {
      const { target } = statement
      if (target.kind !== 'index') throw new Unsupported('del')
      const of = evaluate(target.of, scope)
      if (!isDict(of)) throw new Unsupported('del')
      const key = keyOf(evaluate(target.index, scope))
      if (!(of as unknown as Map<Key, Value>).delete(key)) throw new Raised('KeyError', String(key))
      return null
    }
    case 'break':
    case 'continue':
      return statement.kind
    case 'pass':
      return null
    case 'import':
      throw new Unsupported('import in a function')
  }
}

function attempt({ body, handlers }: Extract<Statement, { kind: 'try' }>, scope: Scope): Ending {
  try {
    return execute(body, scope)
  } catch (error) {
    const exception = error instanceof Raised || error instanceof TemplateError ? error.exception : null
    if (exception === null) throw error
    const handler = handlers.find(
      ({ classes }) =>
        classes === null ||
        classes.includes(exception) ||
        classes.includes('Exception') ||
        classes.some((name) => parents[exception] === name),
    )
    if (handler === undefined) throw error
    if (handler.name !== null) throw new Unsupported('the text of an exception')
    return execute(handler.body, scope)
  }
}

const parents: Readonly<Record<string, string>> = {
  KeyError: 'LookupError',
  IndexError: 'LookupError',
  ZeroDivisionError: 'ArithmeticError',
}

function assign(target: Target, value: Value, scope: Scope): void {
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
