import { PyBytes } from '../values/bytes.js'
import { PyDecimal } from '../values/decimal.js'
import type { PyOther } from '../values/other.js'
import { PyDate, PyDatetime, PyTime, PyTimedelta } from '../values/times.js'
import { isDict, type PyValue } from '../values/value.js'

/** The key under which JSON carries a date, bytes and the like to Python and back. */
const mark = '__python_value__'

/** A value of this process as JSON carries it. Throws TypeError for one that only this process has (pandas' times). */
export function toWire(value: PyOther): PyValue {
  const wire = value.wire()
  if (wire === null) throw new TypeError(`a ${value.typeName} of pandas`)
  return new Map([[mark, wire]])
}

/** A value that has come as JSON, with dates, bytes and the like made again. */
export function fromWire(value: PyValue): PyValue {
  if (Array.isArray(value)) return value.map(fromWire)
  if (!isDict(value)) return value
  const wire = value.get(mark)
  if (Array.isArray(wire)) return make(wire as readonly (string | null)[])
  return new Map([...value].map(([key, item]) => [key, fromWire(item)]))
}

/** Whether a text of JSON carries such values. */
export function hasWire(json: string): boolean {
  return json.includes(`"${mark}"`)
}

function make([kind, text, zone]: readonly (string | null)[]): PyOther {
  switch (kind) {
    case 'bytes':
      return new PyBytes(Uint8Array.from(Buffer.from(text!, 'base64')))
    case 'decimal':
      return decimalOf(text!)
    case 'date':
      return new PyDate(Date.parse(`${text}T00:00:00Z`) / 86_400_000)
    case 'time':
      return new PyTime(clockOf(text!))
    case 'datetime':
      return new PyDatetime(BigInt(text!), zone ?? null)
    default:
      return new PyTimedelta(BigInt(text!))
  }
}

function decimalOf(text: string): PyDecimal {
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:E([+-]?\d+))?$/.exec(text)!
  return new PyDecimal(BigInt(sign + whole! + fraction), fraction.length - Number(exponent))
}

function clockOf(text: string): bigint {
  const [, hours, minutes, seconds, fraction = ''] = /^(\d+):(\d+):(\d+)(?:\.(\d+))?$/.exec(text)!
  const whole = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  return BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, '0'))
}
