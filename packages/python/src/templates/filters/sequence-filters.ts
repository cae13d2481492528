import { checkWidth, takeTurn } from '../../budget/budget.js'
import { pyStr } from '../../text/text.js'
import { checkHashable } from '../../values/dict-keys.js'
import { PythonError } from '../../values/python-error.js'
import { equals, isDict, isTrue, type PyDict, type PyValue, tupleOf, typeName } from '../../values/value.js'
import { int } from '../methods/arguments.js'
import { joinText } from '../methods/text-methods.js'
import { compare, total } from '../operators.js'
import type { Context } from '../runtime/context.js'
import { GroupTuple } from '../runtime/group-tuple.js'
import { each, iterate, lengthOf, listOf, PyIterator, reversed } from '../runtime/iteration.js'
import { like, Markup, softText, textOf, toMarkup } from '../runtime/markup.js'
import { Undefined } from '../runtime/undefined.js'
import { attributeGetter, attributesGetter, withoutCase } from './attribute-paths.js'
import { define } from './define.js'

/** sorted(): by keys, equal items in their order, in reverse too. */
function sortedBy(items: readonly PyValue[], key: (item: PyValue) => PyValue, backwards: boolean): PyValue[] {
  const keyed = items.map((item) => [key(item), item] as const)
  keyed.sort(([a], [b]) => (backwards ? compare(b, a, '<') : compare(a, b, '<')))
  return keyed.map(([, item]) => item)
}

const given = (value: PyValue | undefined): boolean => isTrue(value ?? false)

function dictSort(value: PyValue, [sensitive, by = 'key', backwards]: readonly (PyValue | undefined)[]): PyValue {
  if (by !== 'key' && by !== 'value')
    throw new PythonError('FilterArgumentError', 'You can only sort by either "key" or "value"')
  if (value instanceof Undefined) throw value.error()
  if (!isDict(value)) throw new PythonError('AttributeError', `'${typeName(value)}' object has no attribute 'items'`)
  const at = by === 'value' ? 1 : 0
  const pairs = [...value].map((pair): PyValue => tupleOf(pair))
  const key = (pair: PyValue) => {
    const part = (pair as readonly PyValue[])[at]!
    return given(sensitive) ? part : withoutCase(part)
  }
  return sortedBy(pairs, key, given(backwards))
}

function join(value: PyValue, separator: PyValue, attribute: PyValue | undefined, context: Context): PyValue {
  const getter = attribute == null ? null : attributeGetter(attribute, context)
  const items = function* () {
    for (const item of each(value)) yield getter ? getter(item) : item
  }
  if (!context.autoescape) {
    const between = pyStr(separator)
    return [...items()].map(pyStr).join(between)
  }
  if (!(separator instanceof Markup)) {
    const list = [...items()].map(softText)
    if (!list.some((item) => item instanceof Markup)) return list.join(pyStr(separator))
    return new Markup(list.map((item) => toMarkup(item).text).join(toMarkup(separator).text))
  }
  const texts = [...items()].map((item) => toMarkup(softText(item)))
  return new Markup(joinText(separator.text, texts))
}

function extreme(value: PyValue, given: readonly (PyValue | undefined)[], context: Context, sign: 1 | -1): PyValue {
  const [sensitive, attribute] = given
  const items = iterate(value)
  const first = items.next()
  if (first.done) return context.undefined('No aggregated item, sequence was empty.')
  const key = attributeGetter(attribute, context, !isTrue(sensitive ?? false))
  let best = first.value
  let bestKey = key(best)
  for (let step = items.next(); !step.done; step = items.next()) {
    const own = key(step.value)
    const better = sign > 0 ? compare(own, bestKey, '>') > 0 : compare(own, bestKey, '<') < 0
    if (better) [best, bestKey] = [step.value, own]
  }
  return best
}

function* unique(value: PyValue, key: (item: PyValue) => PyValue): Generator<PyValue> {
  const seen: PyValue[] = []
  const texts = new Set<PyValue>()
  for (const item of each(value)) {
    const own = key(item)
    checkHashable(own)
    const plain = textOf(own)
    const known = plain === null ? seen.some((other) => other === own || equals(other, own)) : texts.has(plain)
    if (known) continue
    if (plain === null) seen.push(own)
    else texts.add(plain)
    yield item
  }
}

function grouped(value: PyValue, args: readonly (PyValue | undefined)[], context: Context): PyValue {
  const [attribute, fallback, sensitive] = args
  const ignore = !given(sensitive)
  const key = attributeGetter(attribute!, context, ignore, fallback)
  const groups: { key: PyValue; items: PyValue[] }[] = []
  for (const item of sortedBy(listOf(value), key, false)) {
    const own = key(item)
    const last = groups.at(-1)
    if (last && (last.key === own || equals(last.key, own))) last.items.push(item)
    else groups.push({ key: own, items: [item] })
  }
  const shown = attributeGetter(attribute!, context, false, fallback)
  return groups.map(({ key: own, items }) => GroupTuple.pair(ignore ? shown(items[0]!) : own, items))
}

function* batches(value: PyValue, size: number, fill: PyValue | undefined): Generator<PyValue> {
  let batch: PyValue[] = []
  for (const item of each(value)) {
    if (batch.length === size) {
      yield batch
      batch = []
    }
    batch.push(item)
  }
  if (batch.length === 0) return
  if (fill != null) {
    checkWidth(size)
    while (batch.length < size) batch.push(fill)
  }
  yield batch
}

function* slices(value: PyValue, count: number, fill: PyValue | undefined): Generator<PyValue> {
  const items = listOf(value)
  if (count === 0) throw new PythonError('ZeroDivisionError', 'integer division or modulo by zero')
  const each = Math.floor(items.length / count)
  const longer = items.length - each * count
  let offset = 0
  for (let index = 0; index < count; index++) {
    takeTurn()
    const start = offset + index * each
    if (index < longer) offset++
    const part = items.slice(start, offset + (index + 1) * each)
    if (fill != null && index >= longer) part.push(fill)
    yield part
  }
}

function first(value: PyValue, context: Context): PyValue {
  const { done, value: item } = iterate(value).next()
  return done ? context.undefined('No first item, sequence was empty.') : item
}

function last(value: PyValue, context: Context): PyValue {
  if (value instanceof Undefined) {
    if (value.strict) throw value.error()
    throw new PythonError('TypeError', "'Undefined' object is not reversible")
  }
  const backwards = reversed(value)
  if (backwards === null) throw new PythonError('TypeError', `'${typeName(value)}' object is not reversible`)
  const { done, value: item } = backwards.items.next()
  return done ? context.undefined('No last item, sequence was empty.') : item
}

function reverse(value: PyValue): PyValue {
  const text = textOf(value)
  if (text !== null) return like(value, [...text].reverse().join(''))
  return reversed(value) ?? listOf(value).reverse()
}

function* itemsOf(value: PyValue): Generator<PyValue> {
  if (value instanceof Undefined) return
  if (!isDict(value)) throw new PythonError('TypeError', 'Can only get item pairs from a mapping.')
  for (const pair of value as PyDict) yield tupleOf(pair)
}

/** Filters of lists, dicts and whatever else has items. */
export const sequenceFilters = [
  define('length', '', 0, lengthOf),
  define('count', '', 0, lengthOf),
  define('list', '', 0, listOf),
  define('items', '', 0, (value) => new PyIterator(itemsOf(value))),
  define('dictsort', 'case_sensitive by reverse', 0, dictSort),
  define('join', 'd attribute', 0, (value, [separator = '', attribute], context) =>
    join(value, separator, attribute, context),
  ),
  define('first', '', 0, (value, _, context) => first(value, context)),
  define('last', '', 0, (value, _, context) => last(value, context)),
  define('min', 'case_sensitive attribute', 0, (value, args, context) => extreme(value, args, context, -1)),
  define('max', 'case_sensitive attribute', 0, (value, args, context) => extreme(value, args, context, 1)),
  define('sum', 'attribute start', 0, (value, [attribute, start = 0], context) => {
    if (textOf(start) !== null) throw new PythonError('TypeError', "sum() can't sum strings [use ''.join(seq) instead]")
    const key = attribute == null ? (item: PyValue) => item : attributeGetter(attribute, context)
    return total(
      (function* () {
        for (const item of each(value)) yield key(item)
      })(),
      start,
    )
  }),
  define('sort', 'reverse case_sensitive attribute', 0, (value, [backwards, sensitive, attribute], context) =>
    sortedBy(listOf(value), attributesGetter(attribute ?? null, context, !given(sensitive)), given(backwards)),
  ),
  define(
    'unique',
    'case_sensitive attribute',
    0,
    (value, [sensitive, attribute], context) =>
      new PyIterator(unique(value, attributeGetter(attribute, context, !given(sensitive)))),
  ),
  define('groupby', 'attribute default case_sensitive', 1, grouped),
  define(
    'batch',
    'linecount fill_with',
    1,
    (value, [size, fill]) =>
      new PyIterator(
        batches(value, typeof size === 'number' || typeof size === 'boolean' ? Number(size) : Number.NaN, fill),
      ),
  ),
  define('slice', 'slices fill_with', 1, (value, [count, fill]) => new PyIterator(slices(value, int(count!), fill))),
  define('reverse', '', 0, reverse),
  define('random', '', 0, () => {
    throw new PythonError('ValueError', 'the filter random gives another text at every run')
  }),
] as const
