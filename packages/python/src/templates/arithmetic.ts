import { PythonError } from '../values/python-error.js'
import { PyFloat, type PyValue } from '../values/value.js'

/** Python's operators on numbers. */
export type Arithmetic = '+' | '-' | '*' | '/' | '//' | '%' | '**'

const mostBits = 10_000_000

/** A bigint as an int value: a number where that is exact. Throws PythonError for one of more than ten million bits. */
export function narrow(value: bigint): number | bigint {
  const number = Number(value)
  if (Number.isSafeInteger(number)) return number
  if (!Number.isFinite(number) && BigInt.asIntN(mostBits, value) !== value)
    throw new PythonError('OverflowError', 'the number is too large')
  return value
}

/** The sum of two small ints; null for everything else. */
export function add(left: PyValue, right: PyValue): number | null {
  if (typeof left !== 'number' || typeof right !== 'number') return null
  const sum = left + right
  return Number.isSafeInteger(sum) ? sum : null
}

/** Two numbers put together: ints exactly, floats as IEEE doubles. */
export function arithmetic(operator: Arithmetic, a: number | bigint, b: number | bigint, isFloat: boolean): PyValue {
  if ((operator === '/' || operator === '//' || operator === '%') && Number(b) === 0)
    throw new PythonError(
      'ZeroDivisionError',
      operator === '/' && !isFloat ? 'division by zero' : 'integer division or modulo by zero',
    )
  if (isFloat) return floats(operator, toFloat(a), toFloat(b))
  if (operator === '/') return new PyFloat(trueDivision(a, b))
  if (operator === '**') return power(BigInt(a), BigInt(b))
  if (typeof a === 'number' && typeof b === 'number') {
    const result = small(operator, a, b)
    if (Number.isSafeInteger(result)) return result + 0
  }
  return narrow(large(operator, BigInt(a), BigInt(b)))
}

function toFloat(value: number | bigint): number {
  const float = Number(value)
  if (typeof value === 'bigint' && !Number.isFinite(float))
    throw new PythonError('OverflowError', 'int too large to convert to float')
  return float
}

function small(operator: Arithmetic, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '//': {
      const rest = modulo(a, b)
      return (a - rest) / b
    }
    default:
      return modulo(a, b)
  }
}

/** The remainder with the divisor's sign. */
function modulo(a: number, b: number): number {
  const rest = a % b
  if (rest === 0) return b < 0 ? -0 : 0
  return rest < 0 !== b < 0 ? rest + b : rest
}

function large(operator: Arithmetic, a: bigint, b: bigint): bigint {
  const rest = () => ((a % b) + b) % b
  switch (operator) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '//':
      return (a - rest()) / b
    default:
      return rest()
  }
}

function power(a: bigint, b: bigint): PyValue {
  if (b < 0n) return floats('**', toFloat(narrow(a)), toFloat(narrow(b)))
  const size = a === 0n || a === 1n || a === -1n ? 1 : a.toString(2).length
  if (Number(b) * size > mostBits) throw new PythonError('OverflowError', 'the power is too large')
  return narrow(a ** b)
}

/** int / int, rounded once. */
function trueDivision(a: number | bigint, b: number | bigint): number {
  if (typeof a === 'number' && typeof b === 'number') return a / b === 0 && a === 0 ? (b < 0 ? -0 : 0) : a / b
  const [x, y] = [BigInt(a), BigInt(b)]
  const negative = x < 0n !== y < 0n
  const [above, below] = [x < 0n ? -x : x, y < 0n ? -y : y]
  // 66 bits and a sticky one are enough for one rounding
  const shift = below.toString(2).length - above.toString(2).length + 66
  const scaled = shift > 0 ? above << BigInt(shift) : above
  const divisor = shift < 0 ? below << BigInt(-shift) : below
  const quotient = scaled / divisor
  const exact = quotient * 2n + (scaled % divisor === 0n ? 0n : 1n)
  const result = Number(exact) * 2 ** -(shift + 1)
  if (!Number.isFinite(result)) throw new PythonError('OverflowError', 'integer division result too large for a float')
  return negative ? -result : result
}

function floats(operator: Arithmetic, a: number, b: number): PyFloat {
  switch (operator) {
    case '+':
      return new PyFloat(a + b)
    case '-':
      return new PyFloat(a - b)
    case '*':
      return new PyFloat(a * b)
    case '/':
      return new PyFloat(a / b)
    case '%':
      return new PyFloat(floatModulo(a, b))
    case '//':
      return new PyFloat(floorDivision(a, b))
    default:
      return new PyFloat(floatPower(a, b))
  }
}

function floatModulo(a: number, b: number): number {
  const rest = a % b
  if (rest === 0) return b < 0 ? -0 : 0
  return rest < 0 !== b < 0 ? rest + b : rest
}

function floorDivision(a: number, b: number): number {
  let rest = a % b
  let quotient = (a - rest) / b
  if (rest !== 0 && rest < 0 !== b < 0) {
    rest += b
    quotient -= 1
  }
  if (quotient === 0) return a / b < 0 || Object.is(a / b, -0) ? -0 : 0
  const floor = Math.floor(quotient)
  return quotient - floor > 0.5 ? floor + 1 : floor
}

function floatPower(a: number, b: number): number {
  if (a === 0 && b < 0) throw new PythonError('ZeroDivisionError', '0.0 cannot be raised to a negative power')
  if (a === 1 || b === 0) return 1
  if (a === -1 && !Number.isFinite(b) && !Number.isNaN(b)) return 1
  if (a < 0 && Number.isFinite(a) && Number.isFinite(b) && !Number.isInteger(b))
    throw new PythonError('ValueError', 'a power that is a complex number is not supported in templates')
  const result = a ** b
  if (!Number.isFinite(result) && Number.isFinite(a) && Number.isFinite(b))
    throw new PythonError('OverflowError', "(34, 'Numerical result out of range')")
  return result
}
