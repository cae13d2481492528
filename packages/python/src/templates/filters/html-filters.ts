import { checkWidth } from '../../budget/budget.js'
import { dumpsJson } from '../../json/json.js'
import { pyRepr, pyStr } from '../../text/text.js'
import { PythonError } from '../../values/python-error.js'
import { isDict, isTrue, type PyValue, typeName } from '../../values/value.js'
import { int } from '../methods/arguments.js'
import { stripTags } from '../methods/html-text.js'
import type { Context } from '../runtime/context.js'
import { each, listOf } from '../runtime/iteration.js'
import { Markup, textOf, toMarkup } from '../runtime/markup.js'
import { Undefined } from '../runtime/undefined.js'
import { define } from './define.js'
import { urlize } from './urlize.js'

const safe = { slash: /[A-Za-z0-9_.\-~/]/, query: /[A-Za-z0-9_.\-~]/ }

/** urllib.parse.quote_from_bytes of the text in UTF-8. */
function quote(value: PyValue, kept: RegExp): string {
  let out = ''
  for (const byte of Buffer.from(pyStr(value), 'utf8')) {
    const character = String.fromCharCode(byte)
    out += byte < 0x80 && kept.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return out
}

function urlencode(value: PyValue): string {
  const iterable =
    isDict(value) || Array.isArray(value) || (typeof value === 'object' && value !== null && 'iterate' in value)
  if (textOf(value) !== null || !iterable) return quote(value, safe.slash)
  const pairs: PyValue = isDict(value) ? [...value].map((pair) => [...pair]) : value
  const query = (part: PyValue) => quote(part, safe.query).replaceAll('%20', '+')
  return [...each(pairs)]
    .map((item) => {
      const pair = listOf(item)
      if (pair.length !== 2) throw new PythonError('ValueError', `expected 2 values to unpack, got ${pair.length}`)
      return `${query(pair[0]!)}=${query(pair[1]!)}`
    })
    .join('&')
}

function xmlAttributes(value: PyValue, space: boolean, context: Context): PyValue {
  if (value instanceof Undefined) throw value.error()
  if (!isDict(value)) throw new PythonError('AttributeError', `'${typeName(value)}' object has no attribute 'items'`)
  const items: string[] = []
  for (const [key, item] of value as ReadonlyMap<PyValue, PyValue>) {
    if (item === null || item instanceof Undefined) continue
    const name = textOf(key)
    if (name === null)
      throw new PythonError('TypeError', `expected string or bytes-like object, got '${typeName(key)}'`)
    if (/[\t\n\v\f\r />=]/.test(name))
      throw new PythonError('ValueError', `Invalid character in attribute name: ${pyRepr(name)}`)
    items.push(`${toMarkup(key).text}="${toMarkup(item).text}"`)
  }
  const text = items.join(' ')
  const result = space && text !== '' ? ` ${text}` : text
  return context.autoescape ? new Markup(result) : result
}

function urlizeFilter(value: PyValue, args: readonly (PyValue | undefined)[], context: Context): PyValue {
  const [limit, nofollow = false, target, rel, schemes] = args
  const parts = new Set(
    pyText(rel)
      .split(/\s+/)
      .filter((part) => part !== ''),
  )
  if (isTrue(nofollow)) parts.add('nofollow')
  parts.add('noopener')
  const extra = schemes == null ? [] : listOf(schemes).map((scheme) => pyStr(scheme))
  for (const scheme of extra)
    if (!/^[\p{L}\p{N}_.+-]{2,}:\/{0,2}$/u.test(scheme))
      throw new PythonError('FilterArgumentError', `${pyRepr(scheme)} is not a valid URI scheme prefix.`)
  const text = urlize(value, {
    limit: limit == null ? null : int(limit),
    rel: [...parts].sort().join(' '),
    target: target == null ? null : pyStr(target),
    schemes: extra,
  })
  return context.autoescape ? new Markup(text) : text
}

function pyText(value: PyValue | undefined): string {
  if (value == null) return ''
  const text = textOf(value)
  if (text === null) throw new PythonError('AttributeError', `'${typeName(value)}' object has no attribute 'split'`)
  return text
}

function forceEscape(value: PyValue): PyValue {
  return toMarkup(value instanceof Markup ? value.text : pyStr(value))
}

/** Filters that make or read HTML, URLs and JSON. */
export const htmlFilters = [
  define('escape', '', 0, toMarkup),
  define('e', '', 0, toMarkup),
  define('safe', '', 0, (value) => new Markup(pyStr(value))),
  define('forceescape', '', 0, forceEscape),
  define('striptags', '', 0, (value) => stripTags(value instanceof Markup ? value.text : pyStr(value))),
  define('xmlattr', 'autospace', 0, (value, [space = true], context) => xmlAttributes(value, isTrue(space), context)),
  define('urlencode', '', 0, urlencode),
  define('urlize', 'trim_url_limit nofollow target rel extra_schemes', 0, urlizeFilter),
  define('tojson', 'indent', 0, (value, [indent]) => {
    const step = indent == null ? {} : { indent: textOf(indent) ?? checkWidth(int(indent)) }
    const json = dumpsJson(value, {
      sortKeys: true,
      other: ({ typeName }) => {
        throw new PythonError('TypeError', `Object of type ${typeName} is not JSON serializable`)
      },
      ...step,
    })
    // what could end a script element in a page
    return new Markup(json.replace(/[<>&']/g, (unit) => `\\u00${unit.charCodeAt(0).toString(16)}`))
  }),
] as const
