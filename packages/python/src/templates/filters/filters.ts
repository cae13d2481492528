import { pyRepr } from '../../text/text.js'
import { PythonError } from '../../values/python-error.js'
import { isTrue, type PyValue, typeName } from '../../values/value.js'
import { realAttribute } from '../attributes.js'
import type { Context, Filter } from '../runtime/context.js'
import { textOf } from '../runtime/markup.js'
import { Undefined } from '../runtime/undefined.js'
import { define } from './define.js'
import { htmlFilters } from './html-filters.js'
import { numberFilters } from './number-filters.js'
import { selectFilters } from './select-filters.js'
import { sequenceFilters } from './sequence-filters.js'
import { textFilters } from './text-filters.js'

function fallback(value: PyValue, [instead = '', empty = false]: readonly (PyValue | undefined)[]): PyValue {
  const missing = value instanceof Undefined || (isTrue(empty) && !isTrue(value))
  return missing ? instead : value
}

function attribute(value: PyValue, [given]: readonly (PyValue | undefined)[], context: Context): PyValue {
  const name = textOf(given)
  if (name === null) throw new PythonError('TypeError', `attribute name must be string, not '${typeName(given!)}'`)
  if (value instanceof Undefined && !name.startsWith('__')) throw value.error()
  return (
    realAttribute(value, name, context.environment) ??
    context.undefined(`${pyRepr(`${typeName(value)} object`)} has no attribute ${pyRepr(name)}`)
  )
}

/** All filters of Jinja 3.1.6 by name. */
export const jinjaFilters: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  define('default', 'default_value boolean', 0, fallback),
  define('d', 'default_value boolean', 0, fallback),
  define('attr', 'name', 1, attribute),
  ...sequenceFilters,
  ...selectFilters,
  ...textFilters,
  ...numberFilters,
  ...htmlFilters,
])
