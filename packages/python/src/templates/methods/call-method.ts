import { isDict, PyFloat, PyTuple, type PyValue } from '../../values/value.js'
import type { Keywords } from '../runtime/functions.js'
import { Markup } from '../runtime/markup.js'
import { Cycler } from '../runtime/namespace.js'
import { PyRange } from '../runtime/range.js'
import { arity, type Method } from './arguments.js'
import { dictMethods, listMethods, rangeMethods, tupleMethods } from './container-methods.js'
import { markupMethod } from './markup-methods.js'
import { floatMethods, intMethods } from './number-methods.js'
import { textMethods } from './text-methods.js'

const cyclerMethods: Readonly<Record<string, Method<Cycler>>> = {
  next: (cycler, args, keywords) => {
    arity('next', args, keywords, 0)
    return cycler.next()
  },
  reset: (cycler, args, keywords) => {
    arity('reset', args, keywords, 0)
    cycler.at = 0
    return null
  },
}

const own = <T>(methods: Readonly<Record<string, Method<T>>>, name: string) =>
  (Object.hasOwn(methods, name) ? methods[name] : undefined) as Method<PyValue> | undefined

/** A method of a value's type, as in s.strip; undefined when the type has none of that name. */
export function methodOf(object: PyValue, name: string): Method<PyValue> | undefined {
  switch (typeof object) {
    case 'string':
      return own(textMethods, name)
    case 'number':
    case 'bigint':
    case 'boolean':
      return own(intMethods, name)
  }
  if (isDict(object)) return own(dictMethods, name)
  if (object instanceof PyTuple) return own(tupleMethods, name)
  if (Array.isArray(object)) return own(listMethods, name)
  if (object instanceof PyFloat) return own(floatMethods, name)
  if (object instanceof Markup) return markupMethod(name) as Method<PyValue> | undefined
  if (object instanceof PyRange) return own(rangeMethods, name)
  if (object instanceof Cycler) return own(cyclerMethods, name)
  return undefined
}

const noKeywords = new Map<string, PyValue>()

/** A method call on a Python value, such as s.strip() or l.index(x); undefined when the type has no such method. */
export function callMethod(
  object: PyValue,
  name: string,
  args: readonly PyValue[],
  keywords: Keywords = noKeywords,
): PyValue | undefined {
  return methodOf(object, name)?.(object, args, keywords)
}
