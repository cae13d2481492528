import { equals, isDict, numberOf, PyFloat, type PyValue } from '../python/value.js'
import { binary } from './operators.js'
import { TemplateError } from './template-error.js'

type Test = (value: PyValue, args: readonly PyValue[]) => boolean

const compared =
  (operator: string): Test =>
  (value, args) =>
    binary(operator, value, args[0]!) === true

function remainder(value: PyValue, by: PyValue): number | null {
  const number = numberOf(binary('%', value, by))
  return number
}

const cased = (text: PyValue, change: (text: string) => string): boolean => {
  const own = String(text)
  return change(own) === own && own.toLowerCase() !== own.toUpperCase()
}

const tests: Readonly<Record<string, Test>> = {
  none: (value) => value === null,
  true: (value) => value === true,
  false: (value) => value === false,
  boolean: (value) => typeof value === 'boolean',
  integer: (value) => typeof value === 'number' || typeof value === 'bigint',
  float: (value) => value instanceof PyFloat,
  number: (value) => numberOf(value) !== null,
  string: (value) => typeof value === 'string',
  mapping: isDict,
  sequence: (value) => typeof value === 'string' || Array.isArray(value) || isDict(value),
  iterable: (value) => typeof value === 'string' || Array.isArray(value) || isDict(value),
  callable: () => false,
  odd: (value) => remainder(value, 2) === 1,
  even: (value) => remainder(value, 2) === 0,
  divisibleby: (value, args) => remainder(value, args[0]!) === 0,
  lower: (value) => cased(value, (text) => text.toLowerCase()),
  upper: (value) => cased(value, (text) => text.toUpperCase()),
  sameas: (value, args) => typeof value !== 'object' && typeof value === typeof args[0] && equals(value, args[0]!),
  in: compared('in'),
  eq: compared('=='),
  equalto: compared('=='),
  ne: compared('!='),
  lt: compared('<'),
  lessthan: compared('<'),
  le: compared('<='),
  gt: compared('>'),
  greaterthan: compared('>'),
  ge: compared('>='),
}

/** Whether a test of Jinja holds for a defined value. */
export function callTest(name: string, value: PyValue, args: readonly PyValue[]): boolean {
  const test = tests[name]
  if (!test) throw new TemplateError('TemplateAssertionError', `No test named '${name}'.`)
  return test(value, args)
}
