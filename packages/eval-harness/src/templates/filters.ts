import { dumpsJson } from '../python/json.js'
import { pythonRegex, substitute } from '../python/regex.js'
import { RegexError } from '../python/regex-translator.js'
import { compareCodePoints, pyRepr, pyStr, strip } from '../python/text.js'
import { equals, isDict, isTrue, numberOf, PyFloat, type PyValue, tupleOf, typeName } from '../python/value.js'
import { callMethod, capitalize, replaceText } from './methods.js'
import { round, toFloat, toInt } from './number-filters.js'
import { binary, compare, formatted } from './operators.js'
import { TemplateError } from './template-error.js'
import { callTest } from './tests.js'

export type Keywords = ReadonlyMap<string, PyValue>
type Given = readonly PyValue[]

interface Filter {
  /** Names of the arguments in order; those given by name are put in their places. */
  readonly parameters: readonly string[]
  apply(value: PyValue, args: readonly (PyValue | undefined)[]): PyValue
}

/** The members that Jinja iterates over: of a list, a dict's keys, a text's characters. */
export function iterate(value: PyValue): readonly PyValue[] {
  if (typeof value === 'string') return [...value]
  if (Array.isArray(value)) return value
  if (isDict(value)) return [...value.keys()]
  throw new TemplateError('TypeError', `'${typeName(value)}' object is not iterable`)
}

function lengthOf(value: PyValue): number {
  if (typeof value === 'string' || Array.isArray(value) || isDict(value)) return iterate(value).length
  throw new TemplateError('TypeError', `object of type '${typeName(value)}' has no len()`)
}

/** An attribute of each item: a member's name, a place, or several joined by points. */
function member(value: PyValue, path: PyValue): PyValue {
  const parts = typeof path === 'string' ? path.split('.') : [path]
  return parts.reduce<PyValue>((object, part) => {
    const place = typeof part === 'string' && /^\d+$/.test(part) ? Number(part) : part
    const found =
      isDict(object) && typeof part === 'string'
        ? object.get(part)
        : Array.isArray(object) && typeof place === 'number'
          ? (object as Given).at(place)
          : undefined
    if (found === undefined)
      throw new TemplateError('UndefinedError', `'${typeName(object)} object' has no attribute '${pyStr(part)}'`)
    return found
  }, value)
}

/** Jinja compares texts without case unless it is told otherwise. */
function caseless(value: PyValue, sensitive: PyValue | undefined): PyValue {
  return typeof value === 'string' && !isTrue(sensitive ?? false) ? value.toLowerCase() : value
}

function sorted(value: PyValue, sensitive?: PyValue, attribute?: PyValue): PyValue[] {
  const key = (item: PyValue) => caseless(attribute == null ? item : member(item, attribute), sensitive)
  return [...iterate(value)].sort((a, b) => compare(key(a), key(b), '<'))
}

function extreme(
  value: PyValue,
  sensitive: PyValue | undefined,
  attribute: PyValue | undefined,
  sign: number,
): PyValue {
  const items = iterate(value)
  const key = (item: PyValue) => caseless(attribute == null ? item : member(item, attribute), sensitive)
  if (items.length === 0) throw new TemplateError('UndefinedError', 'No aggregated item, sequence was empty.')
  return items.reduce((best, item) => (sign * compare(key(item), key(best), '<') > 0 ? item : best))
}

function atLeastOne(list: Given, pick: 'first' | 'last'): PyValue {
  const found = pick === 'first' ? list[0] : list.at(-1)
  if (found === undefined) throw new TemplateError('UndefinedError', `No ${pick} item, sequence was empty.`)
  return found
}

function unique(value: PyValue, sensitive?: PyValue, attribute?: PyValue): PyValue[] {
  const seen: PyValue[] = []
  return iterate(value).filter((item) => {
    const key = caseless(attribute == null ? item : member(item, attribute), sensitive)
    if (seen.some((other) => equals(other, key))) return false
    seen.push(key)
    return true
  })
}

function grouped(value: PyValue, attribute: PyValue): PyValue[] {
  const groups: [PyValue, PyValue[]][] = []
  for (const item of sorted(value, undefined, attribute)) {
    const key = member(item, attribute)
    const last = groups.at(-1)
    if (last && equals(caseless(last[0], false), caseless(key, false))) last[1].push(item)
    else groups.push([key, [item]])
  }
  return groups.map(([key, items]) => tupleOf([key, items]))
}

function chunks(value: PyValue, size: PyValue | undefined, fill: PyValue | undefined): PyValue[] {
  const items = iterate(value)
  const count = numberOf(size) ?? 0
  const parts: PyValue[][] = []
  for (let at = 0; at < items.length; at += count) parts.push(items.slice(at, at + count))
  const last = parts.at(-1)
  if (last && fill != null) while (last.length < count) last.push(fill)
  return parts
}

/** Items or attributes that a test holds for (`wanted` true) or does not; without a test their truth counts. */
function selected(value: PyValue, given: Given, wanted: boolean, attribute: PyValue | null): PyValue[] {
  const [name, ...rest] = given
  return iterate(value).filter((item) => {
    const tested = attribute === null ? item : member(item, attribute)
    return (name === undefined ? isTrue(tested) : callTest(pyStr(name), tested, rest)) === wanted
  })
}

function withSortedKeys(value: PyValue): PyValue {
  if (Array.isArray(value)) return value.map(withSortedKeys)
  if (!isDict(value)) return value
  const entries = [...value].sort(([a], [b]) => compareCodePoints(a, b))
  return new Map(entries.map(([key, item]) => [key, withSortedKeys(item)]))
}

const filter = (parameters: string, apply: Filter['apply']): Filter => ({
  parameters: parameters === '' ? [] : parameters.split(' '),
  apply,
})

/** Jinja's filters that make sense in prompts, with the names of their arguments. */
const filters: Readonly<Record<string, Filter>> = {
  length: filter('', lengthOf),
  count: filter('', lengthOf),
  string: filter('', pyStr),
  int: filter('default base', (value, [fallback = 0, base = 10]) => toInt(value, fallback, base)),
  float: filter('default', (value, [fallback = new PyFloat(0)]) => toFloat(value, fallback)),
  abs: filter('', (value) => {
    const number = numberOf(value)
    if (number === null) throw new TemplateError('TypeError', `bad operand type for abs(): '${typeName(value)}'`)
    if (typeof value === 'bigint') return value < 0n ? -value : value
    return value instanceof PyFloat ? new PyFloat(Math.abs(number)) : Math.abs(number)
  }),
  round: filter('precision method', (value, [precision = 0, method = 'common']) => round(value, precision, method)),
  list: filter('', (value) => [...iterate(value)]),
  items: filter('', (value) => {
    if (isDict(value)) return [...value].map(([key, item]) => tupleOf([key, item]))
    throw new TemplateError('TypeError', 'Can only get item pairs from a mapping.')
  }),
  dictsort: filter('case_sensitive by reverse', (value, [sensitive, by = 'key', reverse]) => {
    if (!isDict(value)) throw new TemplateError('TypeError', 'dictsort needs a mapping')
    const at = by === 'value' ? 1 : 0
    const pairs = [...value].sort((a, b) => compare(caseless(a[at], sensitive), caseless(b[at], sensitive), '<'))
    return (isTrue(reverse ?? false) ? pairs.reverse() : pairs).map(tupleOf)
  }),
  join: filter('d attribute', (value, [separator = '', attribute]) => {
    const items = iterate(value).map((item) => pyStr(attribute == null ? item : member(item, attribute)))
    return items.join(pyStr(separator))
  }),
  first: filter('', (value) => atLeastOne(iterate(value), 'first')),
  last: filter('', (value) => atLeastOne(iterate(value), 'last')),
  min: filter('case_sensitive attribute', (value, [sensitive, attribute]) => extreme(value, sensitive, attribute, -1)),
  max: filter('case_sensitive attribute', (value, [sensitive, attribute]) => extreme(value, sensitive, attribute, 1)),
  sum: filter('attribute start', (value, [attribute, start = 0]) =>
    iterate(value).reduce<PyValue>(
      (sum, item) => binary('+', sum, attribute == null ? item : member(item, attribute)),
      start,
    ),
  ),
  sort: filter('reverse case_sensitive attribute', (value, [reverse, sensitive, attribute]) => {
    if (!isTrue(reverse ?? false)) return sorted(value, sensitive, attribute)
    // Python's reverse order keeps equal items in theirs
    return sorted([...iterate(value)].reverse(), sensitive, attribute).reverse()
  }),
  unique: filter('case_sensitive attribute', (value, [sensitive, attribute]) => unique(value, sensitive, attribute)),
  groupby: filter('attribute', (value, [attribute]) => grouped(value, attribute!)),
  batch: filter('linecount fill_with', (value, [size, fill]) => chunks(value, size, fill)),
  reverse: filter('', (value) =>
    typeof value === 'string' ? [...value].reverse().join('') : [...iterate(value)].reverse(),
  ),
  replace: filter('s_old s_new count', (value, [old, by, count]) =>
    replaceText(pyStr(value), pyStr(old!), pyStr(by!), typeof count === 'number' ? count : -1),
  ),
  trim: filter('chars', (value, [characters]) =>
    strip(pyStr(value), 'both', typeof characters === 'string' ? characters : null),
  ),
  upper: filter('', (value) => pyStr(value).toUpperCase()),
  lower: filter('', (value) => pyStr(value).toLowerCase()),
  capitalize: filter('', (value) => capitalize(pyStr(value))),
  title: filter('', (value) =>
    pyStr(value)
      .split(/([-\s({[<]+)/u)
      .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1).toLowerCase())
      .join(''),
  ),
  wordcount: filter('', (value) => pyStr(value).match(pythonRegex('\\w+'))?.length ?? 0),
  indent: filter('width first blank', (value, [width = 4, first, blank]) => {
    const space = typeof width === 'string' ? width : ' '.repeat(numberOf(width) ?? 4)
    const [head = '', ...lines] = pyStr(value).split('\n')
    const rest = lines.map((line) => (line === '' && !isTrue(blank ?? false) ? line : space + line))
    return [isTrue(first ?? false) ? space + head : head, ...rest].join('\n')
  }),
  regex_replace: filter('pattern repl count', (value, [pattern, by, count]) => {
    try {
      return substitute(pyStr(pattern!), pyStr(by!), pyStr(value), typeof count === 'number' ? count : 0)
    } catch (cause) {
      if (!(cause instanceof RegexError)) throw cause
      throw new TemplateError('ValueError', cause.message)
    }
  }),
  pprint: filter('', pyRepr),
  center: filter('width', (value, [width = 80]) => callMethod(pyStr(value), 'center', [width])!),
  truncate: filter('length killwords end leeway', (value, [length = 255, kill, end = '...', leeway = 5]) => {
    const characters = [...pyStr(value)]
    const [most, more, tail] = [numberOf(length)!, numberOf(leeway)!, pyStr(end)]
    if (characters.length <= most + more) return characters.join('')
    const cut = characters.slice(0, most - [...tail].length).join('')
    return (isTrue(kill ?? false) ? cut : cut.slice(0, cut.includes(' ') ? cut.lastIndexOf(' ') : cut.length)) + tail
  }),
  tojson: filter('indent', (value, [indent]) => {
    const json = dumpsJson(withSortedKeys(value), typeof indent === 'number' ? { indent } : {})
    // what could end a script element in a page
    return json.replace(/[<>&']/g, (unit) => `\\u00${unit.charCodeAt(0).toString(16)}`)
  }),
}

const listed: Readonly<Record<string, (value: PyValue, args: Given, keywords: Keywords) => PyValue>> = {
  map: (value, args, keywords) => {
    const attribute = keywords.get('attribute')
    if (attribute !== undefined) {
      const fallback = keywords.get('default')
      return iterate(value).map((item) => {
        if (fallback !== undefined && isDict(item) && typeof attribute === 'string' && !item.has(attribute))
          return fallback
        return member(item, attribute)
      })
    }
    const name = args[0]
    if (typeof name !== 'string') throw new TemplateError('TypeError', 'map needs a filter name or attribute=')
    return iterate(value).map((item) => callFilter(name, item, args.slice(1), keywords))
  },
  format: (value, args, keywords) => formatted(pyStr(value), keywords.size > 0 ? keywords : tupleOf(args)),
  select: (value, args) => selected(value, args, true, null),
  reject: (value, args) => selected(value, args, false, null),
  selectattr: (value, [attribute, ...args]) => selected(value, args, true, attribute!),
  rejectattr: (value, [attribute, ...args]) => selected(value, args, false, attribute!),
}

/** Applies a filter of Jinja. Throws TemplateError for filters and arguments that are not there. */
export function callFilter(name: string, value: PyValue, args: Given, keywords: Keywords): PyValue {
  const special = listed[name]
  if (special) return special(value, args, keywords)
  const found = filters[name]
  if (!found) throw new TemplateError('TemplateAssertionError', `No filter named '${name}'.`)
  const places: (PyValue | undefined)[] = [...args]
  for (const [key, item] of keywords) {
    const at = found.parameters.indexOf(key)
    if (at < 0) throw new TemplateError('TypeError', `${name}() got an unexpected keyword argument '${key}'`)
    places[at] = item
  }
  if (places.length > found.parameters.length)
    throw new TemplateError('TypeError', `${name}() takes ${found.parameters.length} arguments, got ${places.length}`)
  return found.apply(value, places)
}
