import type { PyValue } from '../../values/value.js'
import type { Context, Filter } from '../runtime/context.js'
import { bind } from '../runtime/functions.js'

/** A filter by the names of its arguments, the first `required` of which must be given; the others are undefined where they are not. */
export function define(
  name: string,
  parameters: string,
  required: number,
  apply: (value: PyValue, args: readonly (PyValue | undefined)[], context: Context) => PyValue,
): readonly [string, Filter] {
  const names = parameters === '' ? [] : parameters.split(' ')
  return [name, (value, args, keywords, context) => apply(value, bind(name, names, required, args, keywords), context)]
}
