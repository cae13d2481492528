import { numberOf, PyFloat, type PyValue } from '../values/value.js'
import { Unsupported } from './unsupported.js'
import type { Thing, Value } from './values.js'

/** Floats in a row: as much of a numpy array as turning log-likelihoods into probabilities needs. */
export class NumberArray implements Thing {
  constructor(readonly numbers: readonly number[]) {}

  static of(value: Value): NumberArray {
    if (value instanceof NumberArray) return value
    const numbers = Array.isArray(value) ? (value as Value[]).map((item) => numberOf(item as PyValue)) : []
    if (!Array.isArray(value) || numbers.length === 0 || numbers.some((number) => number === null))
      throw new Unsupported('this array')
    return new NumberArray(numbers as number[])
  }

  attribute(name: string): Value {
    throw new Unsupported(`an array's ${name}`)
  }

  /** Members where a comparison held. */
  pick(index: Value): Value {
    if (index instanceof Mask) return new NumberArray(this.numbers.filter((_, place) => index.kept[place]))
    throw new Unsupported('an index of an array')
  }

  /** numpy's sum for up to 7 numbers and up to 128, where it keeps eight running sums. */
  sum(): PyValue {
    const { numbers } = this
    if (numbers.length > 128) throw new Unsupported('a long array')
    if (numbers.length < 8) return new PyFloat(numbers.reduce((total, number) => total + number, 0))
    const whole = numbers.length - (numbers.length % 8)
    const sums = numbers.slice(0, 8)
    for (let at = 8; at < whole; at++) sums[at % 8]! += numbers[at]!
    const [a, b, c, d, e, f, g, h] = sums as [number, number, number, number, number, number, number, number]
    return new PyFloat(
      numbers.slice(whole).reduce((total, number) => total + number, a + b + (c + d) + (e + f + (g + h))),
    )
  }

  static operate(operator: string, left: Value, right: Value): Value {
    const length = (left instanceof NumberArray ? left : (right as NumberArray)).numbers.length
    const side = (value: Value): readonly number[] => {
      if (value instanceof NumberArray && value.numbers.length === length) return value.numbers
      const number = numberOf(value as PyValue)
      if (value instanceof NumberArray || number === null) throw new Unsupported('arrays of different lengths')
      return Array.from({ length }, () => number)
    }
    const [a, b] = [side(left), side(right)]
    if (operator === '==') return new Mask(a.map((number, index) => number === b[index]))
    if (operator === '/') return new NumberArray(a.map((number, index) => number / b[index]!))
    if (operator === '*') return new NumberArray(a.map((number, index) => number * b[index]!))
    throw new Unsupported(`${operator} of arrays`)
  }
}

/** Where a comparison of an array held. */
class Mask implements Thing {
  constructor(readonly kept: readonly boolean[]) {}

  attribute(name: string): Value {
    throw new Unsupported(`an array's ${name}`)
  }
}
