import { isDigits } from '../../text/character-classes.js'
import type { PyValue } from '../../values/value.js'
import { getMember } from '../attributes.js'
import type { Context } from '../runtime/context.js'
import { like, textOf } from '../runtime/markup.js'
import { Undefined } from '../runtime/undefined.js'

/** Texts without case; other values as they are. */
export function withoutCase(value: PyValue): PyValue {
  const text = textOf(value)
  return text === null ? value : like(value, text.toLowerCase())
}

function parts(attribute: PyValue): PyValue[] {
  if (attribute === null) return []
  const text = textOf(attribute)
  if (text === null) return [attribute]
  return text.split('.').map((part) => (isDigits(part) ? Number(part) : part))
}

/** What an attribute such as "a.b.0" is of an item; `fallback` stands for what is not there. */
export function attributeGetter(
  attribute: PyValue | undefined,
  context: Context,
  ignoreCase = false,
  fallback: PyValue | undefined = undefined,
): (item: PyValue) => PyValue {
  const path = parts(attribute ?? null)
  return (item) => {
    let value = item
    for (const part of path) {
      value = getMember(value, part, context.environment)
      if (fallback != null && value instanceof Undefined) value = fallback
    }
    return ignoreCase ? withoutCase(value) : value
  }
}

/** The same for several attributes with commas between them: a list of what they are. */
export function attributesGetter(
  attribute: PyValue | undefined,
  context: Context,
  ignoreCase: boolean,
): (item: PyValue) => PyValue[] {
  const text = textOf(attribute)
  const split = text === null ? [attribute] : text.split(',')
  const getters = split.map((one) => attributeGetter(one, context, ignoreCase))
  return (item) => getters.map((getter) => getter(item))
}
