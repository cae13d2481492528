import { InputError } from '@saeval/hub'
import { CORE_SCHEMA, load as loadYaml } from 'js-yaml'

export type FieldValues = Readonly<Record<string, unknown>>

/** The fields of a configuration file, with errors that name file and field. */
export interface Fields {
  /** The file, for messages. */
  readonly file: string
  readonly values: FieldValues
  string(name: string, fallback?: string): string
  boolean(name: string, fallback: boolean): boolean
  number(name: string): number
  /** A positive integer. */
  count(name: string, fallback?: number): number
  oneOf<Value extends string>(name: string, values: readonly Value[], fallback?: Value): Value
  /** A nested object. */
  fields(name: string): Fields
}

/** A JSON file that holds an object. Throws InputError otherwise. */
export function jsonFields(file: string, text: string): Fields {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new InputError(`${file} is not valid JSON; download it again`, { cause })
  }
  return objectFields(file, value)
}

/** A YAML file that holds a mapping. */
export function yamlFields(file: string, text: string): Fields {
  let value: unknown
  try {
    // no merge keys and no types of other languages: neither is needed, and merging can take quadratic time
    value = loadYaml(text, { schema: CORE_SCHEMA })
  } catch (cause) {
    throw new InputError(`${file} is not valid YAML; download it again`, { cause })
  }
  return objectFields(file, value)
}

function objectFields(file: string, value: unknown, prefix = ''): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InputError(prefix ? `${file} has no object "${prefix.slice(0, -1)}"` : `${file} does not hold an object`)
  return fieldsOf(file, value as FieldValues, prefix)
}

/** Fields that are at hand as an object. */
export function fieldsOf(file: string, values: FieldValues, prefix = ''): Fields {
  const get = (name: string, fallback: unknown) => (Object.hasOwn(values, name) ? values[name] : undefined) ?? fallback
  const wrong = (name: string, expected: string) =>
    new InputError(`${file}: ${prefix}${name} is ${shown(get(name, undefined))}, expected ${expected}`)
  const checked = <Value>(name: string, fallback: unknown, expected: string, fits: (value: unknown) => boolean) => {
    const value = get(name, fallback)
    if (!fits(value)) throw wrong(name, expected)
    return value as Value
  }
  return {
    file,
    values,
    string: (name, fallback) => checked(name, fallback, 'a text', (value) => typeof value === 'string'),
    boolean: (name, fallback) => checked(name, fallback, 'true or false', (value) => typeof value === 'boolean'),
    number: (name) => checked(name, undefined, 'a number', Number.isFinite),
    count: (name, fallback) =>
      checked(
        name,
        fallback,
        'a positive whole number',
        (value) => Number.isSafeInteger(value) && (value as number) > 0,
      ),
    oneOf: (name, options, fallback) =>
      checked(name, fallback, options.join(', '), (value) => options.some((option) => option === value)),
    fields: (name) => objectFields(file, get(name, undefined), `${prefix}${name}.`),
  }
}

function shown(value: unknown): string {
  if (value === undefined) return 'missing'
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}
