import { pyRepr } from '../../text/text.js'
import { PythonError } from '../../values/python-error.js'
import { isTrue, type PyValue } from '../../values/value.js'
import type { Context, Filter } from '../runtime/context.js'
import type { Keywords } from '../runtime/functions.js'
import { each, PyIterator } from '../runtime/iteration.js'
import { textOf } from '../runtime/markup.js'
import { Undefined } from '../runtime/undefined.js'
import { attributeGetter } from './attribute-paths.js'

function named(kind: 'filter' | 'test', name: PyValue, context: Context): Filter {
  const known = kind === 'filter' ? context.environment.filters : context.environment.tests
  const found = known.get(textOf(name) ?? '')
  if (found !== undefined) return found
  const shown = name instanceof Undefined ? name.message : pyRepr(name)
  throw new PythonError('TemplateRuntimeError', `No ${kind} named ${shown}.`)
}

function* map(value: PyValue, args: readonly PyValue[], keywords: Keywords, context: Context): Generator<PyValue> {
  if (!isTrue(value)) return
  const attribute = keywords.get('attribute')
  if (args.length === 0 && attribute !== undefined) {
    const unknown = [...keywords.keys()].find((key) => key !== 'attribute' && key !== 'default')
    if (unknown !== undefined)
      throw new PythonError('FilterArgumentError', `Unexpected keyword argument ${pyRepr(unknown)}`)
    const getter = attributeGetter(attribute, context, false, keywords.get('default'))
    for (const item of each(value)) yield getter(item)
    return
  }
  if (args.length === 0) throw new PythonError('FilterArgumentError', 'map requires a filter argument')
  const [name, ...rest] = args
  for (const item of each(value)) yield named('filter', name!, context)(item, rest, keywords, context)
}

const selecting =
  (wanted: boolean, byAttribute: boolean): Filter =>
  (value, args, keywords, context) => {
    function* selected(): Generator<PyValue> {
      if (!isTrue(value)) return
      if (byAttribute && args.length === 0)
        throw new PythonError('FilterArgumentError', 'Missing parameter for attribute name')
      const getter = byAttribute ? attributeGetter(args[0], context) : null
      const [name, ...rest] = byAttribute ? args.slice(1) : args
      for (const item of each(value)) {
        const tested = getter ? getter(item) : item
        const holds =
          name === undefined ? isTrue(tested) : isTrue(named('test', name, context)(tested, rest, keywords, context))
        if (holds === wanted) yield item
      }
    }
    return new PyIterator(selected())
  }

/** Filters that apply another filter or a test to each item. */
export const selectFilters: readonly (readonly [string, Filter])[] = [
  ['map', (value, args, keywords, context) => new PyIterator(map(value, args, keywords, context))],
  ['select', selecting(true, false)],
  ['reject', selecting(false, false)],
  ['selectattr', selecting(true, true)],
  ['rejectattr', selecting(false, true)],
]
