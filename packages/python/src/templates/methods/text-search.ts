import { codePoints } from '../../text/text.js'
import { PythonError } from '../../values/python-error.js'
import { PyTuple, type PyValue } from '../../values/value.js'
import { arity, intOr, type Method, text } from './arguments.js'

/** The part of a text between two places as Python counts them; null where it begins behind the end. */
function window(value: string, args: readonly PyValue[]): { part: string; from: number } | null {
  if (args.length < 2) return { part: value, from: 0 }
  const list = [...value]
  let from = intOr(args[1], 0, true)
  let to = intOr(args[2], list.length, true)
  if (to < 0) to = Math.max(0, to + list.length)
  if (from < 0) from = Math.max(0, from + list.length)
  to = Math.min(to, list.length)
  if (from > list.length || from > to) return null
  return { part: list.slice(from, to).join(''), from }
}

function find(value: string, args: readonly PyValue[], last: boolean): number {
  const sought = text(args, 0)
  const found = window(value, args)
  if (found === null) return -1
  const at = last ? found.part.lastIndexOf(sought) : found.part.indexOf(sought)
  return at < 0 ? -1 : found.from + codePoints(found.part.slice(0, at))
}

function index(value: string, args: readonly PyValue[], last: boolean): number {
  const at = find(value, args, last)
  if (at < 0) throw new PythonError('ValueError', 'substring not found')
  return at
}

function count(value: string, args: readonly PyValue[]): number {
  const sought = text(args, 0)
  const found = window(value, args)
  if (found === null) return 0
  return sought === '' ? codePoints(found.part) + 1 : found.part.split(sought).length - 1
}

function affix(value: string, args: readonly PyValue[], holds: (part: string, option: string) => boolean): boolean {
  const [first] = args
  const options = first instanceof PyTuple ? Array.from(first, (_, at) => text(first, at)) : [text(args, 0)]
  const found = window(value, args)
  return found !== null && options.some((option) => holds(found.part, option))
}

const method =
  (name: string, body: (value: string, args: readonly PyValue[]) => PyValue, most = 3): Method<string> =>
  (value, args, keywords) => {
    arity(name, args, keywords, 1, most)
    return body(value, args)
  }

/** str's methods that look for something. */
export const searchMethods: Readonly<Record<string, Method<string>>> = {
  find: method('find', (value, args) => find(value, args, false)),
  rfind: method('rfind', (value, args) => find(value, args, true)),
  index: method('index', (value, args) => index(value, args, false)),
  rindex: method('rindex', (value, args) => index(value, args, true)),
  count: method('count', count),
  startswith: method('startswith', (value, args) => affix(value, args, (part, option) => part.startsWith(option))),
  endswith: method('endswith', (value, args) => affix(value, args, (part, option) => part.endsWith(option))),
  removeprefix: method(
    'removeprefix',
    (value, args) => (value.startsWith(text(args, 0)) ? value.slice(text(args, 0).length) : value),
    1,
  ),
  removesuffix: method(
    'removesuffix',
    (value, args) => (value.endsWith(text(args, 0)) ? value.slice(0, value.length - text(args, 0).length) : value),
    1,
  ),
}
