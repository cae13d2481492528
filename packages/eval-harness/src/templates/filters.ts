import { codePoints, pyStr, strip } from '../python/text.js'
import { intOf, isDict, numberOf, PyFloat, type PyValue, typeName } from '../python/value.js'
import { capitalize, replaceText } from './methods.js'
import { compare } from './operators.js'
import { TemplateError } from './template-error.js'

export type Keywords = ReadonlyMap<string, PyValue>
export type Filter = (value: PyValue, args: readonly PyValue[], keywords: Keywords) => PyValue

/** The members that Jinja iterates over: of a list, a dict's keys, a text's characters. */
export function iterate(value: PyValue): readonly PyValue[] {
  if (typeof value === 'string') return [...value]
  if (Array.isArray(value)) return value
  if (isDict(value)) return [...value.keys()]
  throw new TemplateError('TypeError', `'${typeName(value)}' object is not iterable`)
}

function lengthOf(value: PyValue): number {
  if (typeof value === 'string') return codePoints(value)
  if (Array.isArray(value)) return value.length
  if (isDict(value)) return value.size
  throw new TemplateError('TypeError', `object of type '${typeName(value)}' has no len()`)
}

function toInt(value: PyValue, fallback: PyValue): PyValue {
  const number = numberOf(value)
  if (number !== null) return Math.trunc(number)
  if (typeof value !== 'string') return fallback
  const digits = strip(value, 'both').replaceAll('_', '')
  if (/^[+-]?\d+$/.test(digits)) return intOf(digits)
  return digits !== '' && Number.isFinite(Number(digits)) ? Math.trunc(Number(digits)) : fallback
}

function member(value: PyValue, name: PyValue): PyValue {
  const found = isDict(value) && typeof name === 'string' ? value.get(name) : undefined
  if (found === undefined)
    throw new TemplateError('UndefinedError', `'${typeName(value)} object' has no attribute '${pyStr(name)}'`)
  return found
}

function sorted(value: PyValue): PyValue[] {
  return [...iterate(value)].sort((a, b) => compare(a, b, '<'))
}

function atLeastOne(list: readonly PyValue[], pick: 'first' | 'last'): PyValue {
  const found = pick === 'first' ? list[0] : list.at(-1)
  if (found === undefined) throw new TemplateError('UndefinedError', `No ${pick} item, sequence was empty.`)
  return found
}

/** Jinja's filters that task files use. */
export const filters: Readonly<Record<string, Filter>> = {
  length: lengthOf,
  count: lengthOf,
  string: pyStr,
  int: (value, args, keywords) => toInt(value, args[0] ?? keywords.get('default') ?? 0),
  float: (value) => new PyFloat(numberOf(value) ?? (Number(value) || 0)),
  list: (value) => [...iterate(value)],
  join: (value, args, keywords) => {
    const attribute = keywords.get('attribute') ?? args[1]
    const items = iterate(value).map((item) => pyStr(attribute === undefined ? item : member(item, attribute)))
    return items.join(args[0] === undefined ? '' : pyStr(args[0]))
  },
  map: (value, args, keywords) => {
    const attribute = keywords.get('attribute')
    if (attribute !== undefined) return iterate(value).map((item) => member(item, attribute))
    const filter = typeof args[0] === 'string' ? filters[args[0]] : undefined
    if (!filter) throw new TemplateError('TypeError', 'map needs a filter name or attribute=')
    return iterate(value).map((item) => filter(item, args.slice(1), new Map()))
  },
  replace: (value, args) =>
    replaceText(pyStr(value), pyStr(args[0]!), pyStr(args[1]!), typeof args[2] === 'number' ? args[2] : -1),
  trim: (value, args) => strip(pyStr(value), 'both', typeof args[0] === 'string' ? args[0] : null),
  upper: (value) => pyStr(value).toUpperCase(),
  lower: (value) => pyStr(value).toLowerCase(),
  capitalize: (value) => capitalize(pyStr(value)),
  first: (value) => atLeastOne(iterate(value), 'first'),
  last: (value) => atLeastOne(iterate(value), 'last'),
  reverse: (value) => (typeof value === 'string' ? [...value].reverse().join('') : [...iterate(value)].reverse()),
  sort: sorted,
  min: (value) => atLeastOne(sorted(value), 'first'),
  max: (value) => atLeastOne(sorted(value), 'last'),
  abs: (value) => {
    const number = numberOf(value)
    if (number === null) throw new TemplateError('TypeError', `bad operand type for abs(): '${typeName(value)}'`)
    return value instanceof PyFloat ? new PyFloat(Math.abs(number)) : Math.abs(number)
  },
  regex_replace: (value, args) => pyStr(value).replace(new RegExp(pyStr(args[0]!), 'g'), pyStr(args[1]!)),
}
