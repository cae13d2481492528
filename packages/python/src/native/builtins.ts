import { compare } from '../templates/operators.js'
import { codePoints, pyRepr, pyStr } from '../text/text.js'
import { intOf, isDict, numberOf, PyFloat, PyTuple, type PyValue } from '../values/value.js'
import { stripped } from './methods.js'
import { iterate, setOf, truth } from './operations.js'
import { Unsupported } from './unsupported.js'
import {
  Callable,
  isList,
  isThing,
  type Key,
  keyOf,
  makeTuple,
  PySet,
  printable,
  Raised,
  safe,
  sum,
  type Value,
} from './values.js'

type Keywords = ReadonlyMap<string, Value>
type Body = (args: readonly Value[], keywords: Keywords) => Value

/** Which keywords a builtin takes. */
const keywordsOf: Readonly<Record<string, readonly string[]>> = {
  sorted: ['key', 'reverse'],
  min: ['key', 'default'],
  max: ['key', 'default'],
  enumerate: ['start'],
  zip: ['strict'],
  print: ['end', 'flush', 'file', 'sep'],
}

/** Ranges are lists here. */
const longestRange = 10_000_000

const bodies: Readonly<Record<string, Body>> = {
  len: ([value = null]) => {
    if (typeof value === 'string') return codePoints(value)
    if (isList(value)) return value.length
    if (isDict(value)) return value.size
    if (value instanceof PySet) return value.members.size
    if (isThing(value) && 'length' in value) return value.length as number
    throw new Raised('TypeError', 'the object has no len()')
  },
  range: (args) => {
    if (!args.every((arg) => typeof arg === 'number')) throw new Unsupported('range of something else than ints')
    const [start, end, step] = (args.length === 1 ? [0, args[0], 1] : [args[0], args[1], args[2] ?? 1]) as number[]
    if (step === 0) throw new Raised('ValueError', 'range() arg 3 must not be zero')
    if ((end! - start!) / step! > longestRange) throw new Unsupported('a range of this length')
    const list: number[] = []
    for (let at = start!; step! > 0 ? at < end! : at > end!; at += step!) list.push(at)
    return list
  },
  enumerate: ([value = null, start], keywords) => {
    const from = (keywords.get('start') ?? start ?? 0) as number
    return iterate(value).map((item, index) => makeTuple([index + from, item]))
  },
  zip: (args, keywords) => {
    const lists = args.map(iterate)
    const lengths = lists.map((list) => list.length)
    const shortest = lists.length === 0 ? 0 : Math.min(...lengths)
    if (keywords.get('strict') === true && lengths.some((length) => length !== shortest))
      throw new Raised('ValueError', 'zip() arguments have different lengths')
    return Array.from({ length: shortest }, (_, index) => makeTuple(lists.map((list) => list[index]!)))
  },
  map: ([of, ...lists]) => {
    const items = lists.map((list) => iterate(list))
    const length = Math.min(...items.map((list) => list.length))
    return Array.from({ length }, (_, index) =>
      callable(of).call(
        items.map((list) => list[index]!),
        new Map(),
      ),
    )
  },
  filter: ([of, list = null]) => iterate(list).filter((item) => truth(callable(of).call([item], new Map()))),
  reversed: ([list = null]) => [...iterate(list)].reverse(),
  sorted: ([list = null], keywords) => {
    const items = list instanceof PySet ? [...list.members.values()] : [...iterate(list)]
    const key = keywords.get('key') ?? null
    const keyed = items.map((item) => [key === null ? item : callable(key).call([item], new Map()), item] as const)
    const sign = truth(keywords.get('reverse') ?? false) ? -1 : 1
    return keyed.sort(([a], [b]) => sign * order(a, b)).map(([, item]) => item)
  },
  min: (args, keywords) => extreme('min', args, keywords),
  max: (args, keywords) => extreme('max', args, keywords),
  sum: ([list = null, start]) => {
    if (start !== undefined && start !== 0) throw new Unsupported('sum with a start')
    return sum(iterate(list))
  },
  any: ([list = null]) => iterate(list).some(truth),
  all: ([list = null]) => iterate(list).every(truth),
  abs: ([value = null]) => {
    const number = numberOf(value as PyValue)
    if (number === null) throw new Raised('TypeError', 'bad operand type for abs()')
    return value instanceof PyFloat ? new PyFloat(Math.abs(number)) : Math.abs(number)
  },
  round: ([value = null, digits]) => {
    if (digits !== undefined || !(value instanceof PyFloat)) throw new Unsupported('round')
    const below = Math.floor(value.value)
    const rest = value.value - below
    return safe(rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below)
  },
  chr: ([code]) => String.fromCodePoint(code as number),
  ord: ([text]) => {
    if (typeof text !== 'string' || codePoints(text) !== 1) throw new Raised('TypeError', 'ord() expected a character')
    return text.codePointAt(0)!
  },
  print: () => null,
  repr: ([value = null]) => pyRepr(printable(value)),
  isinstance: ([value = null, of = null]) => (of instanceof PyTuple ? [...of] : [of]).some((type) => isOf(value, type)),
  str: ([value]) => (value === undefined ? '' : pyStr(printable(value))),
  bool: ([value]) => (value === undefined ? false : truth(value)),
  int: ([value = 0]) => {
    if (typeof value === 'string') {
      const digits = stripped(value)
      if (!/^[+-]?\d+(_\d+)*$/.test(digits))
        throw new Raised('ValueError', `invalid literal for int() with base 10: ${pyRepr(value)}`)
      const int = intOf(digits.replaceAll('_', '').replace(/^\+/, ''))
      return typeof int === 'number' ? int + 0 : fail('a large int')
    }
    const number = numberOf(value as PyValue)
    if (number === null) throw new Raised('TypeError', 'int() argument must be a text or a number')
    return safe(Math.trunc(number) + 0)
  },
  float: ([value = 0]) => {
    if (typeof value === 'string') {
      const text = stripped(value)
      if (/^[+-]?(nan|inf|infinity)$/i.test(text) || text.includes('_')) throw new Unsupported('this float')
      if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text))
        throw new Raised('ValueError', `could not convert string to float: ${pyRepr(value)}`)
      return new PyFloat(Number(text))
    }
    const number = numberOf(value as PyValue)
    if (number === null) throw new Raised('TypeError', 'float() argument must be a text or a number')
    return new PyFloat(number)
  },
  list: ([value]) => (value === undefined ? [] : [...iterate(value)]),
  tuple: ([value]) => makeTuple(value === undefined ? [] : iterate(value)),
  set: ([value]) => setOf(value === undefined ? [] : iterate(value)),
  dict: ([value], keywords) => {
    const dict = new Map<Key, Value>()
    if (isDict(value)) for (const [key, item] of value as ReadonlyMap<Key, Value>) dict.set(key, item)
    else if (value !== undefined)
      for (const pair of iterate(value)) dict.set(keyOf(iterate(pair)[0]!), iterate(pair)[1]!)
    for (const [key, item] of keywords) dict.set(key, item)
    return dict
  },
}

const functions = new Map(
  Object.entries(bodies).map(([name, body]) => [
    name,
    new Callable(name, (args, keywords) => {
      const wrong = name === 'dict' ? undefined : [...keywords.keys()].find((key) => !keywordsOf[name]?.includes(key))
      if (wrong !== undefined) throw new Unsupported(`the keyword ${wrong} of ${name}`)
      return body(args, keywords)
    }),
  ]),
)

/** A builtin function or type; undefined for one that is not run natively. */
export function builtin(name: string): Value | undefined {
  return functions.get(name)
}

function fail(what: string): never {
  throw new Unsupported(what)
}

function callable(value: Value | undefined): Callable {
  if (value instanceof Callable) return value
  throw new Unsupported('a call of this')
}

function order(a: Value, b: Value): number {
  return compare(a as PyValue, b as PyValue, '<')
}

function extreme(name: 'min' | 'max', args: readonly Value[], keywords: Keywords): Value {
  const items = args.length === 1 ? iterate(args[0]!) : args
  const [first, ...rest] = items
  if (first === undefined) {
    const fallback = keywords.get('default')
    if (fallback !== undefined) return fallback
    throw new Raised('ValueError', `${name}() iterable argument is empty`)
  }
  const key = keywords.get('key') ?? null
  const keyed = (item: Value) => (key === null ? item : callable(key).call([item], new Map()))
  let best = first
  let bestKey = keyed(first)
  for (const item of rest) {
    const itemKey = keyed(item)
    if (name === 'min' ? order(itemKey, bestKey) < 0 : order(itemKey, bestKey) > 0) {
      best = item
      bestKey = itemKey
    }
  }
  return best
}

function isOf(value: Value, type: Value): boolean {
  const name = type instanceof Callable && builtin(type.name) === type ? type.name : null
  switch (name) {
    case 'str':
      return typeof value === 'string'
    case 'bool':
      return typeof value === 'boolean'
    case 'int':
      return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
    case 'float':
      return value instanceof PyFloat
    case 'list':
      return isList(value) && !(value instanceof PyTuple)
    case 'tuple':
      return value instanceof PyTuple
    case 'dict':
      return isDict(value)
    default:
      throw new Unsupported('isinstance of this type')
  }
}
