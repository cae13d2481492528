import { InputError } from '@saeval/hub'

/** config.json of a Hugging Face model, read field by field; every complaint names the file and the field. */
export interface ModelConfig {
  readonly file: string
  readonly modelType: string
  has(field: string): boolean
  /** Whether the field is written at all, null included: an absent one means the class's default, null means none. */
  declares(field: string): boolean
  /** A finite number; `fallback` when the field is absent or null, an error when there is none. */
  number(field: string, fallback?: number): number
  numberOrNull(field: string): number | null
  boolean(field: string, fallback: boolean): boolean
  string(field: string, fallback?: string): string
  strings(field: string): readonly string[] | null
  object(field: string): Readonly<Record<string, unknown>> | null
  /** The value of a field that nobody has read so far. */
  unread(field: string): unknown
  /** Throws unless the field is absent, null or one of the values that the builder can honour. */
  require(field: string, ...allowed: readonly unknown[]): void
}

/** Parses config.json text; throws InputError when it is not an object with a model_type. */
export function readConfig(file: string, text: string): ModelConfig {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw new InputError(`${file} is not valid JSON; download the model again`, { cause })
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new InputError(`${file} is not a JSON object`)
  return configOf(file, parsed as Readonly<Record<string, unknown>>)
}

/** A configuration from its fields; `file` names it in messages ("config.json: text_config"). */
export function configOf(file: string, fields: Readonly<Record<string, unknown>>): ModelConfig {
  const read = new Set<string>()
  const value = (field: string): unknown => {
    read.add(field)
    return fields[field] ?? undefined
  }
  const wrong = (field: string, expected: string): never => {
    throw new InputError(`${file}: ${field} is ${JSON.stringify(fields[field]) ?? 'missing'}, expected ${expected}`)
  }
  const numberOrNull = (field: string): number | null => {
    const found = value(field)
    if (found === undefined) return null
    return typeof found === 'number' && Number.isFinite(found) ? found : wrong(field, 'a number')
  }
  const string = (field: string, fallback?: string): string => {
    const found = value(field) ?? fallback
    return typeof found === 'string' ? found : wrong(field, 'a text')
  }
  return {
    file,
    modelType: string('model_type'),
    has: (field) => value(field) !== undefined,
    declares: (field) => field in fields,
    unread: (field) => (read.has(field) ? undefined : fields[field]),
    number: (field, fallback) => numberOrNull(field) ?? fallback ?? wrong(field, 'a number'),
    numberOrNull,
    boolean: (field, fallback) => {
      const found = value(field) ?? fallback
      return typeof found === 'boolean' ? found : wrong(field, 'true or false')
    },
    string,
    strings: (field) => {
      const found = value(field)
      if (found === undefined) return null
      return Array.isArray(found) && found.every((item) => typeof item === 'string')
        ? found
        : wrong(field, 'a list of texts')
    },
    object: (field) => {
      const found = value(field)
      if (found === undefined) return null
      return typeof found === 'object' && found !== null
        ? (found as Readonly<Record<string, unknown>>)
        : wrong(field, 'an object')
    },
    require: (field, ...allowed) => {
      const found = value(field)
      if (found === undefined || allowed.includes(found)) return
      wrong(
        field,
        allowed.length === 0
          ? 'none: it is not supported yet'
          : allowed.map((item) => JSON.stringify(item)).join(' or '),
      )
    },
  }
}

/** A count that sizes a tensor: a positive integer, or an InputError naming the field. */
export function positiveInteger(config: ModelConfig, field: string, fallback?: number): number {
  const found = config.number(field, fallback)
  if (Number.isInteger(found) && found > 0) return found
  throw new InputError(`${config.file}: ${field} is ${found}, expected a positive whole number`)
}
