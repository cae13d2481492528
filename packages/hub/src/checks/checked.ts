import * as v from 'valibot'
import { InputError } from '../input-error.js'
import { didYouMean } from '../nearest-names.js'
import { type Said, sentence } from '../sentence.js'
import { isObject } from './schemas.js'
import { shown } from './shown.js'

/**
 * A value as its schema has it. Throws InputError "<place>: <field> is <value>, expected <what>", where `place` names the file or the option and
 * `what` is the schema's message. `within` is the field of the file that the value itself is; "" for the whole.
 */
export function checked<Schema extends v.GenericSchema>(
  place: Said,
  schema: Schema,
  value: unknown,
  within = '',
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value, { abortEarly: true })
  if (result.success) return result.output
  const [{ input, message, path }] = result.issues
  const field = (path ?? []).reduce((before, { type, key }) => {
    if (type === 'array') return `${before}[${key}]`
    return before === '' ? String(key) : `${before}.${key}`
  }, within)
  throw new InputError(sentence`${place}: ${field || 'it'} is ${shown(input)}, expected ${message}`)
}

/** The object in a JSON file. Throws InputError where there is none; `again` says what to do about a damaged file. */
export function jsonObject(file: string, text: string, again = 'download it again'): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new InputError(`${file} is not valid JSON; ${again}`, { cause })
  }
  if (isObject(value)) return value
  throw new InputError(`${file} is not a JSON object; ${again}`)
}

/** Throws InputError for a name that is none of those known: "<taker> "<name>"; did you mean …?", or "; it takes …" where none is near. */
export function refuseUnknownNames(taker: Said, given: object, known: readonly string[]): void {
  const name = Object.keys(given).find((candidate) => !known.includes(candidate))
  if (name === undefined) return
  throw new InputError(sentence`${taker} "${name}"${didYouMean(name, known) || `; it takes ${known.join(', ')}`}`)
}
