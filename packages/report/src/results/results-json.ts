import { readFile, stat } from 'node:fs/promises'
import { InputError, systemReason } from '@saeval/hub'
import { checked } from '@saeval/hub/checks'
import type * as v from 'valibot'

/** What a JSON file holds, as a schema has it. Throws InputError "<path> is not <what>" where it holds something else. */
export async function readResultsJson<Schema extends v.GenericSchema>(
  path: string,
  what: string,
  schema: Schema,
): Promise<v.InferOutput<Schema>> {
  await checkFile(path)
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new InputError(`cannot read ${path}: ${systemReason(cause) ?? cause.message}`, { cause })
  })
  return checkedJson(`${path} is not ${what}`, text, schema)
}

/** Throws InputError for a path that is no file: what is none (a pipe, a device) may have no end. */
export async function checkFile(path: string): Promise<void> {
  const info = await stat(path).catch((cause: Error) => {
    throw new InputError(`cannot read ${path}: ${systemReason(cause) ?? cause.message}`, { cause })
  })
  if (!info.isFile()) throw new InputError(`${path} is not a file`)
}

/** The same of a text; `place` begins the sentence. */
export function checkedJson<Schema extends v.GenericSchema>(
  place: string,
  text: string,
  schema: Schema,
): v.InferOutput<Schema> {
  let value: unknown
  try {
    value = parseResultsJson(text)
  } catch (cause) {
    throw new InputError(place, { cause })
  }
  return checked(place, schema, value)
}

/** Parses JSON as Python writes it, with the numbers NaN, Infinity and -Infinity, which JSON lacks. Throws SyntaxError. */
function parseResultsJson(text: string): unknown {
  if (!/NaN|Infinity/.test(text)) return JSON.parse(text)
  let found = false
  // strings are matched first, so that words inside them stay
  const standard = text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\bInfinity\b|\bNaN\b/g, (token) => {
    if (token.startsWith('"')) return token
    found = true
    return `"${mark}${token}"`
  })
  if (!found) return JSON.parse(standard)
  return JSON.parse(standard, (_key, value) =>
    typeof value === 'string' && marked.test(value) ? Number(value.slice(mark.length)) : value,
  )
}

/** Not a character, so no text begins with it. */
const mark = '\ufdd0'
const marked = new RegExp(`^${mark}(-?Infinity|NaN)$`)
