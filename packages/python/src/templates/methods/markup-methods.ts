import { PythonError } from '../../values/python-error.js'
import { PyTuple, type PyValue, tupleOf } from '../../values/value.js'
import { listOf } from '../runtime/iteration.js'
import { Markup, toMarkup } from '../runtime/markup.js'
import { arity, type Method } from './arguments.js'
import { stripTags, unescapeText } from './html-text.js'
import { textMethods } from './text-methods.js'

/** Methods whose arguments are escaped first: which places. */
const escaped: Readonly<Record<string, readonly number[]>> = { replace: [1], ljust: [1], rjust: [1], center: [1] }
const wrapped = new Set(
  'split rsplit splitlines partition rpartition replace strip lstrip rstrip upper lower casefold capitalize title swapcase ljust rjust center zfill expandtabs join translate removeprefix removesuffix'.split(
    ' ',
  ),
)

function asMarkup(value: PyValue): PyValue {
  if (typeof value === 'string') return new Markup(value)
  if (value instanceof PyTuple) return tupleOf(value.map(asMarkup))
  return Array.isArray(value) ? value.map(asMarkup) : value
}

/** A method of Markup: str's, with what comes in escaped and what comes out Markup. Undefined where there is none. */
export function markupMethod(name: string): Method<Markup> | undefined {
  if (name === 'unescape' || name === 'striptags')
    return (value, args, keywords) => {
      arity(name, args, keywords, 0)
      return name === 'unescape' ? unescapeText(value.text) : stripTags(value.text)
    }
  if (name === 'escape')
    return (_, args, keywords) => {
      arity('escape', args, keywords, 1)
      return toMarkup(args[0]!)
    }
  const method = textMethods[name]
  if (method === undefined) return undefined
  return (value, given, keywords) => {
    let args = given
    if (name === 'join') {
      arity('join', given, keywords, 1)
      args = [listOf(given[0]!).map(toMarkup)]
    } else if (escaped[name]) {
      if (keywords.size > 0) throw new PythonError('TypeError', `${name}() takes no keyword arguments here`)
      args = given.map((arg, at) => (escaped[name]!.includes(at) ? toMarkup(arg) : arg))
    }
    const result = method(value.text, args, keywords)
    return wrapped.has(name) ? asMarkup(result) : result
  }
}
