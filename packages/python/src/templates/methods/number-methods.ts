import { PythonError } from '../../values/python-error.js'
import { exactNumber, PyFloat, type PyValue, tupleOf } from '../../values/value.js'
import { narrow } from '../operators.js'
import { arity, type Method } from './arguments.js'

const whole = (value: PyValue) => BigInt(exactNumber(value)!)
const size = (value: PyValue) => (whole(value) < 0n ? -whole(value) : whole(value)).toString(2)

const plain =
  (name: string, body: (value: PyValue) => PyValue): Method<PyValue> =>
  (value, args, keywords) => {
    arity(name, args, keywords, 0)
    return body(value)
  }

/** Attributes of ints and bools that are no methods. */
export const intAttributes: Readonly<Record<string, (value: PyValue) => PyValue>> = {
  real: (value) => narrow(whole(value)),
  imag: () => 0,
  numerator: (value) => narrow(whole(value)),
  denominator: () => 1,
}

/** int's methods. */
export const intMethods: Readonly<Record<string, Method<PyValue>>> = {
  bit_length: plain('bit_length', (value) => (whole(value) === 0n ? 0 : size(value).length)),
  bit_count: plain('bit_count', (value) => size(value).replaceAll('0', '').length),
  conjugate: plain('conjugate', (value) => narrow(whole(value))),
  as_integer_ratio: plain('as_integer_ratio', (value) => tupleOf([narrow(whole(value)), 1])),
}

/** Attributes of floats that are no methods. */
export const floatAttributes: Readonly<Record<string, (value: PyValue) => PyValue>> = {
  real: (value) => value,
  imag: () => new PyFloat(0),
}

/** float's methods. */
export const floatMethods: Readonly<Record<string, Method<PyValue>>> = {
  is_integer: plain('is_integer', (value) => Number.isInteger((value as PyFloat).value)),
  conjugate: plain('conjugate', (value) => value),
  as_integer_ratio: plain('as_integer_ratio', (value) => integerRatio((value as PyFloat).value)),
}

function integerRatio(value: number): PyValue {
  if (!Number.isFinite(value))
    throw new PythonError(
      Number.isNaN(value) ? 'ValueError' : 'OverflowError',
      'cannot convert NaN or infinity to integer ratio',
    )
  let above = value
  let below = 1n
  while (!Number.isInteger(above)) {
    above *= 2
    below *= 2n
  }
  return tupleOf([narrow(BigInt(above)), narrow(below)])
}
