import * as v from 'valibot'

type Values = Readonly<Record<string, unknown>>

// The message of a schema says what was expected; `checked` makes the sentence.

/** Any text, the empty one too. */
export const text = v.string('a text')

/** true or false. */
export const truth = v.boolean('true or false')

/** A finite number. */
export const number = v.custom<number>(Number.isFinite, 'a number')

/** A finite number above 0. */
export const positive = v.custom<number>((value) => Number.isFinite(value) && (value as number) > 0, 'a number above 0')

/** A positive whole number: a size, a count. */
export const count = v.custom<number>(
  (value) => Number.isSafeInteger(value) && (value as number) > 0,
  'a positive whole number',
)

/** A whole number from 0: an index. */
export const index = v.custom<number>(
  (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  'a whole number from 0',
)

/** An object with whatever fields, unchanged; no list. */
export const object = v.custom<Values>(isObject, 'an object')

/** An object of any names whose values are alike. */
export function recordOf<Value extends v.GenericSchema>(value: Value) {
  return v.pipe(object, v.record(v.string(), value), v.transform(withoutPrototype))
}

/** One of a few values; `expected` names them in messages. */
export function oneOf<const Value>(values: readonly Value[], expected: string = values.join(', ')) {
  return v.custom<Value>((value) => (values as readonly unknown[]).includes(value), expected)
}

/** An object by its fields; those that it does not name are left out of the result. */
export function objectOf<Entries extends v.ObjectEntries>(entries: Entries) {
  // of a field that is missing valibot tells the object's message, not the field's
  const expected = (issue: v.ObjectIssue) => {
    const missing = entries[String(issue.path?.at(-1)?.key)]
    return (missing && v.safeParse(missing, undefined).issues?.[0].message) ?? 'an object'
  }
  return v.pipe(object, v.transform(withoutPrototype<Values>), v.object(entries, expected))
}

/** The same fields without a prototype, whose names would be fields too. */
function withoutPrototype<Fields extends object>(value: Fields): Fields {
  return Object.assign(Object.create(null), value)
}

/** Whether a value is an object and no list. */
export function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
