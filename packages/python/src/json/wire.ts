import { InputError } from '@saeval/hub'
import { PyBytes } from '../values/bytes.js'
import { PyDecimal } from '../values/decimal.js'
import { PyOther } from '../values/other.js'
import { PyDate, PyDatetime, PyTime, PyTimedelta } from '../values/times.js'
import { isDict, type PyDict, type PyValue } from '../values/value.js'
import { dumpsJson, parseJson } from './json.js'

/** The key under which JSON carries a date, bytes and the like to Python and back. */
const mark = '__python_value__'

/**
 * A value as JSON for Python, about a function. Throws InputError for one that only this process has (pandas' times, what only templates
 * make).
 */
export function toWireJson(value: PyValue, about: string): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (Array.isArray(value)) {
    if (value.every((item) => typeof item === 'string')) return JSON.stringify(value)
    return `[${value.map((item) => toWireJson(item, about)).join(',')}]`
  }
  if (isDict(value)) {
    const parts: string[] = []
    for (const [key, item] of value) {
      if (typeof key !== 'string') return dictJson(value, about)
      parts.push(`${JSON.stringify(key)}:${toWireJson(item, about)}`)
    }
    return `{${parts.join(',')}}`
  }
  if (!(value instanceof PyOther)) return dumpsJson(value)
  const wire = value.wire()
  if (wire !== null) return dumpsJson(new Map([[mark, wire]]))
  throw new InputError(`${about} would get a ${value.typeName} of pandas, which saeval's Python does not have`)
}

/** A dict with keys that JSON would turn into texts. */
function dictJson(dict: PyDict, about: string): string {
  const pairs = [...dict].map(([key, item]) => `[${toWireJson(key, about)},${toWireJson(item, about)}]`)
  return `{${JSON.stringify(mark)}:["dict",[${pairs.join(',')}]]}`
}

/** An answer of host.py: a letter that says whether JavaScript's own JSON reads it as it is, and JSON. Throws where it is none. */
export function parseAnswer(bytes: Buffer): PyValue {
  const text = bytes.toString('latin1', 1)
  const exact = bytes[0] !== 0x70
  const answer = exact ? parseJson(text) : fromObjects(JSON.parse(text))
  return hasWire(text) ? fromWire(answer) : answer
}

/** Dicts of objects. */
function fromObjects(value: unknown): PyValue {
  if (typeof value !== 'object' || value === null) return value as PyValue
  if (Array.isArray(value)) {
    // most lists are of texts, and stay
    return value.every((item) => typeof item === 'string') ? value : value.map(fromObjects)
  }
  return new Map(Object.entries(value).map(([key, item]) => [key, fromObjects(item)]))
}

/** A value that has come as JSON, with dates, bytes and the like made again. */
function fromWire(value: PyValue): PyValue {
  if (Array.isArray(value)) return value.map(fromWire)
  if (!isDict(value)) return value
  const wire = value.get(mark)
  if (Array.isArray(wire)) return make(wire as readonly (string | null)[])
  return new Map([...value].map(([key, item]) => [key, fromWire(item)]))
}

/** Whether a text of JSON carries such values. */
function hasWire(json: string): boolean {
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
