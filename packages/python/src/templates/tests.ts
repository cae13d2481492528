import { isLower, isUpper } from '../text/casing.js'
import { pyStr } from '../text/text.js'
import { PyDecimal } from '../values/decimal.js'
import { checkHashable } from '../values/dict-keys.js'
import { PythonError } from '../values/python-error.js'
import { equals, exactNumber, isDict, PyFloat, PyObject, type PyValue } from '../values/value.js'
import { binary } from './operators.js'
import type { Context, Filter } from './runtime/context.js'
import { Markup, textOf } from './runtime/markup.js'
import { PyRange } from './runtime/range.js'
import { Undefined } from './runtime/undefined.js'

type Test = (value: PyValue, args: readonly PyValue[], context: Context) => boolean

function remainderIs(value: PyValue, by: PyValue, wanted: number): boolean {
  return equals(binary('%', value, by), wanted)
}

function isIterable(value: PyValue): boolean {
  if (value instanceof Undefined && value.strict) throw value.error()
  return (
    typeof value === 'string' || Array.isArray(value) || isDict(value) || (value instanceof PyObject && !!value.iterate)
  )
}

function isSequence(value: PyValue): boolean {
  if (value instanceof Undefined) return !value.strict
  return (
    typeof value === 'string' ||
    Array.isArray(value) ||
    isDict(value) ||
    value instanceof Markup ||
    value instanceof PyRange
  )
}

/**
 * `is`. None, bools, lists, dicts and small ints are one object wherever they are equal or the same; whether two equal texts or larger numbers are, only
 * CPython's making of them says, so that is an error.
 */
function isSame(value: PyValue, other: PyValue): boolean {
  const isPlain = (one: PyValue) => typeof one === 'string' || typeof one === 'bigint' || one instanceof PyFloat
  if (value === other && !isPlain(value)) return typeof value !== 'number' || small(value)
  if (typeof value === 'number' && value === other) return small(value)
  if (isPlain(value) && typeof value === typeof other && equals(value, other))
    throw new PythonError('TypeError', 'whether two equal texts or numbers are the same object is not defined')
  return false
}

function small(value: number): boolean {
  if (value >= -5 && value <= 256) return true
  throw new PythonError('TypeError', 'whether two equal numbers are the same object is not defined')
}

function isNamed(value: PyValue, known: ReadonlyMap<string, Filter>): boolean {
  checkHashable(value)
  return known.has(textOf(value) ?? '')
}

const plain = (name: string, test: Test): readonly [string, Filter] => withArguments(name, 0, test)

function withArguments(name: string, count: number, test: Test): readonly [string, Filter] {
  return [
    name,
    (value, args, keywords, context) => {
      if (keywords.size > 0 || args.length !== count)
        throw new PythonError('TypeError', `the test ${name} takes ${count} arguments`)
      return test(value, args, context)
    },
  ]
}

const compared = (names: string, operator: string): (readonly [string, Filter])[] =>
  names.split(' ').map((name) => [
    name,
    (value, args, keywords) => {
      if (keywords.size > 0 || args.length !== 1)
        throw new PythonError('TypeError', `the test ${name} takes 1 argument`)
      return binary(operator, value, args[0]!)
    },
  ])

/** All tests of Jinja 3.1.6 by name. */
export const jinjaTests: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  plain('defined', (value) => !(value instanceof Undefined)),
  plain('undefined', (value) => value instanceof Undefined),
  plain('none', (value) => value === null),
  plain('true', (value) => value === true),
  plain('false', (value) => value === false),
  plain('boolean', (value) => typeof value === 'boolean'),
  plain('integer', (value) => typeof value === 'number' || typeof value === 'bigint'),
  plain('float', (value) => value instanceof PyFloat),
  plain('number', (value) => exactNumber(value) !== null || value instanceof PyDecimal),
  plain('string', (value) => textOf(value) !== null),
  plain('mapping', isDict),
  plain('sequence', isSequence),
  plain('iterable', isIterable),
  plain('callable', (value) => value instanceof PyObject && value.call !== undefined),
  plain('escaped', (value) => value instanceof Markup),
  plain('odd', (value) => remainderIs(value, 2, 1)),
  plain('even', (value) => remainderIs(value, 2, 0)),
  withArguments('divisibleby', 1, (value, [by]) => remainderIs(value, by!, 0)),
  plain('lower', (value) => isLower(pyStr(value))),
  plain('upper', (value) => isUpper(pyStr(value))),
  withArguments('sameas', 1, (value, [other]) => isSame(value, other!)),
  withArguments('in', 1, (value, [container]) => binary('in', value, container!) === true),
  plain('filter', (value, _, { environment }) => isNamed(value, environment.filters)),
  plain('test', (value, _, { environment }) => isNamed(value, environment.tests)),
  ...compared('== eq equalto', '=='),
  ...compared('!= ne', '!='),
  ...compared('> gt greaterthan', '>'),
  ...compared('>= ge', '>='),
  ...compared('< lt lessthan', '<'),
  ...compared('<= le', '<='),
])
