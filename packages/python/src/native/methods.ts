import { callMethod } from '../templates/methods/call-method.js'
import { codePoints, pyStr, strip } from '../text/text.js'
import { equals, isDict, PyTuple, type PyValue } from '../values/value.js'
import { Unsupported } from './unsupported.js'
import { type Key, keyOf, makeTuple, printable, Raised, type Value } from './values.js'

type Keywords = ReadonlyMap<string, Value>

const plainText = new Set(
  'strip lstrip rstrip upper lower capitalize splitlines replace index find count startswith endswith isdigit'.split(
    ' ',
  ),
)

/** Every method there is, of any type: what a function uses beyond these is not run natively. */
export const methodNames = new Set([
  ...plainText,
  ...'join split format rfind removeprefix removesuffix partition encode append extend insert pop remove copy reverse get keys values items update setdefault'.split(
    ' ',
  ),
])

/** Methods that change what they are called on. */
const changingMethods = new Set('append extend insert pop remove reverse update setdefault'.split(' '))

/** Calls a method of a text, list or dict. */
export function method(object: Value, name: string, args: readonly Value[], keywords: Keywords): Value {
  if (typeof object === 'string') return textMethod(object, name, args, keywords)
  if (keywords.size > 0) throw new Unsupported(`keywords of ${name}`)
  if (Array.isArray(object)) return listMethod(object as Value[], name, args)
  if (isDict(object)) return dictMethod(object as unknown as Map<Key, Value>, name, args)
  throw new Raised('AttributeError', `the value has no attribute '${name}'`)
}

function textMethod(text: string, name: string, args: readonly Value[], keywords: Keywords): Value {
  if (name === 'format') return format(text, args, keywords)
  if (name === 'split' && keywords.size === 0) {
    const [separator = null, most = -1] = args
    if (separator === null && most !== -1) throw new Unsupported('split with a limit')
    return callMethod(text, 'split', [separator as PyValue, most as PyValue]) as Value
  }
  if (keywords.size > 0) throw new Unsupported(`keywords of ${name}`)
  const word = (index: number): string => {
    const value = args[index]
    if (typeof value !== 'string') throw new Unsupported(`${name} of something else than a text`)
    return value
  }
  if (plainText.has(name)) {
    // prefixes may be tuples, and places may be given
    const most = name === 'replace' ? 3 : 1
    if ((name === 'replace' || name === 'count') && args[0] === '') throw new Unsupported(`${name} of nothing`)
    if (args.length > most || args.some((arg) => Array.isArray(arg)))
      throw new Unsupported(`${name} with more arguments`)
    return callMethod(text, name, args as PyValue[]) as Value
  }
  switch (name) {
    case 'join': {
      const [items] = args
      if (!Array.isArray(items)) throw new Unsupported('join of something else than a list')
      const wrong = (items as Value[]).findIndex((item) => typeof item !== 'string')
      if (wrong >= 0) throw new Raised('TypeError', `sequence item ${wrong}: expected str instance`)
      return (items as string[]).join(text)
    }
    case 'rfind': {
      if (args.length > 1) throw new Unsupported('rfind with more arguments')
      const at = text.lastIndexOf(word(0))
      return at < 0 ? -1 : codePoints(text.slice(0, at))
    }
    case 'removeprefix':
      return text.startsWith(word(0)) ? text.slice(word(0).length) : text
    case 'removesuffix':
      return word(0) !== '' && text.endsWith(word(0)) ? text.slice(0, -word(0).length) : text
    case 'partition': {
      const at = text.indexOf(word(0))
      return at < 0
        ? makeTuple([text, '', ''])
        : makeTuple([text.slice(0, at), word(0), text.slice(at + word(0).length)])
    }
    case 'encode': {
      if (args.length > 0 && !/^utf-?8$/i.test(word(0))) throw new Unsupported('another encoding')
      const length = Buffer.byteLength(text)
      return { attribute: () => fail('bytes'), length } as Value
    }
    default:
      throw new Unsupported(`str.${name}`)
  }
}

function fail(what: string): never {
  throw new Unsupported(what)
}

/** str.format without format specifications. */
function format(template: string, args: readonly Value[], keywords: Keywords): string {
  let next = 0
  return template.replace(/\{\{|\}\}|\{([^{}]*)\}/g, (whole, field: string | undefined) => {
    if (field === undefined) return whole[0]!
    if (!/^(\d+|\w*)$/.test(field)) throw new Unsupported(`the field {${field}} of format`)
    const value = field === '' ? args[next++] : /^\d+$/.test(field) ? args[Number(field)] : keywords.get(field)
    if (value === undefined)
      throw new Raised(/^\d*$/.test(field) ? 'IndexError' : 'KeyError', `no value for the field {${field}}`)
    return pyStr(printable(value))
  })
}

function listMethod(list: Value[], name: string, args: readonly Value[]): Value {
  const [first = null] = args
  if (list instanceof PyTuple && changingMethods.has(name))
    throw new Raised('AttributeError', `'tuple' object has no attribute '${name}'`)
  switch (name) {
    case 'append':
      list.push(first)
      return null
    case 'extend':
      if (!Array.isArray(first)) throw new Unsupported('extend by something else than a list')
      list.push(...(first as Value[]))
      return null
    case 'insert':
      list.splice(first as number, 0, args[1]!)
      return null
    case 'pop': {
      const at = args.length === 0 ? -1 : (first as number)
      const place = at < 0 ? list.length + at : at
      if (place < 0 || place >= list.length) throw new Raised('IndexError', 'pop index out of range')
      return list.splice(place, 1)[0]!
    }
    case 'remove': {
      const at = list.findIndex((item) => equals(item as PyValue, first as PyValue))
      if (at < 0) throw new Raised('ValueError', 'list.remove(x): x not in list')
      list.splice(at, 1)
      return null
    }
    case 'reverse':
      list.reverse()
      return null
    case 'copy':
      return [...list]
    case 'index':
    case 'count':
      if (args.length !== 1) throw new Unsupported(`list.${name} with more arguments`)
      return callMethod(list as PyValue, name, args as PyValue[]) as Value
    default:
      throw new Unsupported(`list.${name}`)
  }
}

function dictMethod(dict: Map<Key, Value>, name: string, args: readonly Value[]): Value {
  const [first = null, second = null] = args
  switch (name) {
    case 'get':
      return dict.has(keyOf(first)) ? dict.get(keyOf(first))! : second
    case 'keys':
      return [...dict.keys()]
    case 'values':
      return [...dict.values()]
    case 'items':
      return [...dict].map(([key, value]) => makeTuple([key, value]))
    case 'copy':
      return new Map(dict)
    case 'update':
      if (!isDict(first)) throw new Unsupported('update by something else than a dict')
      for (const [key, value] of first as ReadonlyMap<Key, Value>) dict.set(key, value)
      return null
    case 'setdefault':
      if (!dict.has(keyOf(first))) dict.set(keyOf(first), second)
      return dict.get(keyOf(first))!
    case 'pop': {
      const key = keyOf(first)
      if (!dict.has(key) && args.length < 2) throw new Raised('KeyError', String(key))
      const value = dict.has(key) ? dict.get(key)! : second
      dict.delete(key)
      return value
    }
    default:
      throw new Unsupported(`dict.${name}`)
  }
}

/** text.strip() for int() and float(). */
export const stripped = (text: string): string => strip(text, 'both')
