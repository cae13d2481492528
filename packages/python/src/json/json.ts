import { compareCodePoints, floatRepr } from '../text/text.js'
import { PyOther } from '../values/other.js'
import { PythonError } from '../values/python-error.js'
import { exactNumber, isDict, type PyDict, PyFloat, PyObject, type PyValue, typeName } from '../values/value.js'
import { JsonParser, type JsonReading } from './json-parser.js'

/** json.loads: keeps 1 and 1.0 apart, integers of any size, NaN and Infinity. Throws SyntaxError with the position. */
export function parseJson(text: string, reading: JsonReading = {}): PyValue {
  const parser = new JsonParser(text, reading)
  try {
    const value = parser.value()
    if (parser.more()) throw parser.error()
    return value
  } catch (error) {
    throw error instanceof RangeError ? new SyntaxError('it is nested too deeply') : error
  }
}

export interface DumpOptions {
  /** Spaces per level, or the text itself; without it everything stands on one line. */
  readonly indent?: number | string
  /** Whether characters beyond ASCII are written as \u escapes; true by default, as in Python. */
  readonly ensureAscii?: boolean
  /** What stands between items and after a key; by default ', ' (',' with an indent) and ': '. */
  readonly separators?: readonly [item: string, key: string]
  /** Whether dicts are written in the order of their keys. */
  readonly sortKeys?: boolean
  /** What stands for a date, bytes and the like; by default its str(), as in lm_eval's files and hashes. */
  readonly other?: (value: PyOther) => PyValue
}

/** json.dumps, byte for byte. Throws PythonError for what JSON cannot hold. */
export function dumpsJson(
  value: PyValue,
  { indent, ensureAscii = true, separators, sortKeys = false, other = (value) => value.str() }: DumpOptions = {},
): string {
  const [between, after] = separators ?? [indent === undefined ? ', ' : ',', ': ']
  const step = typeof indent === 'number' ? ' '.repeat(Math.max(0, indent)) : indent
  const write = (item: PyValue, depth: number): string => {
    if (item === null) return 'null'
    if (item instanceof PyFloat) return floatJson(item.value)
    if (typeof item === 'string') return textJson(item, ensureAscii)
    if (Array.isArray(item))
      return group(
        '[',
        ']',
        item.map((part: PyValue) => write(part, depth + 1)),
        depth,
      )
    if (isDict(item)) {
      const entries = sortKeys ? sortedEntries(item) : [...item]
      const parts = entries.map(
        ([key, part]) => `${textJson(keyText(key), ensureAscii)}${after}${write(part, depth + 1)}`,
      )
      return group('{', '}', parts, depth)
    }
    if (item instanceof PyOther) return write(other(item), depth)
    if (item instanceof PyObject) {
      if (item.typeName === 'Markup') return textJson(item.str(), ensureAscii)
      throw new PythonError('TypeError', `Object of type ${item.typeName} is not JSON serializable`)
    }
    return String(item)
  }
  const group = (open: string, close: string, parts: readonly string[], depth: number): string => {
    if (parts.length === 0) return open + close
    if (step === undefined) return open + parts.join(between) + close
    const inner = `\n${step.repeat(depth + 1)}`
    return `${open}${inner}${parts.join(`${between}${inner}`)}\n${step.repeat(depth)}${close}`
  }
  return write(value, 0)
}

/** Keys that are no texts are written as JSON has them. */
function keyText(key: PyValue): string {
  if (typeof key === 'string') return key
  if (key instanceof PyFloat) return floatJson(key.value)
  if (key === null) return 'null'
  if (typeof key === 'boolean' || typeof key === 'number' || typeof key === 'bigint') return String(key)
  if (key instanceof PyObject && key.typeName === 'Markup') return key.str()
  throw new PythonError('TypeError', `keys must be str, int, float, bool or None, not ${typeName(key)}`)
}

function sortedEntries(dict: PyDict): (readonly [PyValue, PyValue])[] {
  const entries = [...dict] as (readonly [PyValue, PyValue])[]
  return entries.sort(([a], [b]) => {
    if (typeof a === 'string' && typeof b === 'string') return compareCodePoints(a, b)
    const [left, right] = [exactNumber(a), exactNumber(b)]
    if (left === null || right === null)
      throw new PythonError('TypeError', `'<' not supported between instances of '${typeName(a)}' and '${typeName(b)}'`)
    return left < right ? -1 : left > right ? 1 : 0
  })
}

function floatJson(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity'
  return floatRepr(value)
}

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\f': '\\f',
  '\b': '\\b',
}

function textJson(text: string, ensureAscii: boolean): string {
  // Python leaves DEL alone without ensure_ascii and escapes by UTF-16 unit with it
  const unsafe = ensureAscii ? /["\\]|[^\x20-\x7e]/g : /["\\\u0000-\u001f]/g
  const body = text.replace(
    unsafe,
    (unit) => shortEscapes[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return `"${body}"`
}
