import { pyStr } from '../text/text.js'
import { PythonError } from '../values/python-error.js'
import { isDict, PyTuple } from '../values/value.js'
import { assign, evaluate, makeFunction } from './evaluate.js'
import { iterate, operate, truth } from './operations.js'
import type { Scope } from './scope.js'
import type { Statement } from './syntax.js'
import { countTurn } from './turns.js'
import { Unsupported } from './unsupported.js'
import { type Callable, isList, type Key, keyOf, printable, Raised, type Value } from './values.js'

/** How a block of statements ended. */
type Ending = { readonly value: Value } | 'break' | 'continue' | null

/** The function that a def statement makes. */
export function define(node: Extract<Statement, { kind: 'def' }>, scope: Scope): Callable {
  return makeFunction(node.name, node.parameters, scope, (own) => {
    const ending = execute(node.body, own)
    return ending !== null && typeof ending === 'object' ? ending.value : null
  })
}

/** Runs statements until one of them ends the block. */
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
    if ((error instanceof Raised || error instanceof PythonError) && !places.has(error))
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
        countTurn()
        assign(statement.target, item, scope)
        const ending = execute(statement.body, scope)
        if (ending === 'break') break
        if (ending !== null && ending !== 'continue') return ending
      }
      return null
    case 'while':
      while (truth(evaluate(statement.condition, scope))) {
        countTurn()
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
    const exception = error instanceof Raised || error instanceof PythonError ? error.exception : null
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
