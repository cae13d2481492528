import { pyRepr } from '../../text/text.js'
import { deleteItem, getItem, hasKey, setItem } from '../../values/dict-keys.js'
import { PythonError } from '../../values/python-error.js'
import { equals, isDict, isTrue, type PyDict, type PyValue, tupleOf } from '../../values/value.js'
import { compare } from '../operators.js'
import { DictView } from '../runtime/dict-views.js'
import { each, listOf } from '../runtime/iteration.js'
import type { PyRange } from '../runtime/range.js'
import { arity, int, intOr, type Method } from './arguments.js'

type List = readonly PyValue[]

function bounds(length: number, args: List): [number, number] {
  const place = (value: PyValue | undefined, fallback: number) => {
    const at = intOr(value, fallback)
    return at < 0 ? Math.max(0, at + length) : at
  }
  return [place(args[1], 0), place(args[2], length)]
}

const findIn =
  (kind: string): Method<List> =>
  (value, args, keywords) => {
    arity('index', args, keywords, 1, 3)
    const [from, to] = bounds(value.length, args)
    const at = value.findIndex((item, index) => index >= from && index < to && same(item, args[0]!))
    if (at < 0) throw new PythonError('ValueError', `${pyRepr(args[0]!)} is not in ${kind}`)
    return at
  }

const same = (a: PyValue, b: PyValue) => a === b || equals(a, b)

const countIn: Method<List> = (value, args, keywords) => {
  arity('count', args, keywords, 1)
  return value.filter((item) => same(item, args[0]!)).length
}

/** tuple's methods. */
export const tupleMethods: Readonly<Record<string, Method<List>>> = { index: findIn('tuple'), count: countIn }

const changing =
  (name: string, least: number, most: number, body: (list: PyValue[], args: List) => PyValue): Method<List> =>
  (value, args, keywords) => {
    arity(name, args, keywords, least, most)
    return body(value as PyValue[], args)
  }

/** list's methods. */
export const listMethods: Readonly<Record<string, Method<List>>> = {
  index: findIn('list'),
  count: countIn,
  copy: changing('copy', 0, 0, (list) => [...list]),
  append: changing('append', 1, 1, (list, [item]) => {
    list.push(item!)
    return null
  }),
  extend: changing('extend', 1, 1, (list, [items]) => {
    for (const item of items === list ? [...list] : each(items!)) list.push(item)
    return null
  }),
  insert: changing('insert', 2, 2, (list, [at, item]) => {
    list.splice(int(at!), 0, item!)
    return null
  }),
  pop: changing('pop', 0, 1, (list, [given]) => {
    const at = intOr(given, -1)
    if (list.length === 0) throw new PythonError('IndexError', 'pop from empty list')
    if (at >= list.length || at < -list.length) throw new PythonError('IndexError', 'pop index out of range')
    return list.splice(at, 1)[0]!
  }),
  remove: changing('remove', 1, 1, (list, [item]) => {
    const at = list.findIndex((own) => same(own, item!))
    if (at < 0) throw new PythonError('ValueError', 'list.remove(x): x not in list')
    list.splice(at, 1)
    return null
  }),
  reverse: changing('reverse', 0, 0, (list) => {
    list.reverse()
    return null
  }),
  clear: changing('clear', 0, 0, (list) => {
    list.length = 0
    return null
  }),
  sort: (value, args, keywords) => {
    if (args.length > 0) throw new PythonError('TypeError', 'sort() takes no positional arguments')
    for (const key of keywords.keys())
      if (key !== 'reverse' && !(key === 'key' && keywords.get('key') === null))
        throw new PythonError('TypeError', `list.sort() takes no '${key}' here`)
    const list = value as PyValue[]
    const backwards = isTrue(keywords.get('reverse') ?? false)
    // equal items keep their order, in reverse too
    list.sort((a, b) => (backwards ? compare(b, a, '<') : compare(a, b, '<')))
    return null
  },
}

const view =
  (kind: 'keys' | 'values' | 'items'): Method<PyDict> =>
  (value, args, keywords) => {
    arity(kind, args, keywords, 0)
    return new DictView(kind, value)
  }

function update(dict: PyDict, args: List, keywords: ReadonlyMap<string, PyValue>): void {
  if (args.length > 1) throw new PythonError('TypeError', 'update expected at most 1 argument')
  for (const [key, value] of pairsOf(args[0])) setItem(dict, key, value)
  for (const [key, value] of keywords) setItem(dict, key, value)
}

/** Keys and values from a dict or from pairs, as dict() and update() take them. */
export function pairsOf(value: PyValue | undefined): (readonly [PyValue, PyValue])[] {
  if (value === undefined) return []
  if (isDict(value)) return [...value] as (readonly [PyValue, PyValue])[]
  return listOf(value).map((item, index) => {
    const pair = listOf(item)
    if (pair.length !== 2)
      throw new PythonError(
        'ValueError',
        `dictionary update sequence element #${index} has length ${pair.length}; 2 is required`,
      )
    return [pair[0]!, pair[1]!]
  })
}

/** dict's methods. */
export const dictMethods: Readonly<Record<string, Method<PyDict>>> = {
  keys: view('keys'),
  values: view('values'),
  items: view('items'),
  get: (dict, args, keywords) => {
    arity('get', args, keywords, 1, 2)
    const found = getItem(dict, args[0]!)
    return found === undefined ? (args[1] ?? null) : found
  },
  copy: (dict, args, keywords) => {
    arity('copy', args, keywords, 0)
    return new Map(dict)
  },
  pop: (dict, args, keywords) => {
    arity('pop', args, keywords, 1, 2)
    const found = getItem(dict, args[0]!)
    if (found === undefined && args.length < 2) throw new PythonError('KeyError', pyRepr(args[0]!))
    deleteItem(dict, args[0]!)
    return found === undefined ? args[1]! : found
  },
  popitem: (dict, args, keywords) => {
    arity('popitem', args, keywords, 0)
    const last = [...dict].at(-1)
    if (last === undefined) throw new PythonError('KeyError', "'popitem(): dictionary is empty'")
    deleteItem(dict, last[0])
    return tupleOf(last)
  },
  setdefault: (dict, args, keywords) => {
    arity('setdefault', args, keywords, 1, 2)
    if (!hasKey(dict, args[0]!)) setItem(dict, args[0]!, args[1] ?? null)
    return getItem(dict, args[0]!)!
  },
  update: (dict, args, keywords) => {
    update(dict, args, keywords)
    return null
  },
  clear: (dict, args, keywords) => {
    arity('clear', args, keywords, 0)
    ;(dict as Map<string, PyValue>).clear()
    return null
  },
  fromkeys: (_, args, keywords) => {
    arity('fromkeys', args, keywords, 1, 2)
    const made = new Map<string, PyValue>()
    for (const key of each(args[0]!)) setItem(made, key, args[1] ?? null)
    return made
  },
}

/** range's methods. */
export const rangeMethods: Readonly<Record<string, Method<PyRange>>> = {
  index: (range, args, keywords) => findIn('range')(listOf(range), args, keywords),
  count: (range, args, keywords) => countIn(listOf(range), args, keywords),
}
