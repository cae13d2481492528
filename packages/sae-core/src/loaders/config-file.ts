import { InputError } from '@saeval/hub'
import { checked, isObject, jsonObject } from '@saeval/hub/checks'
import { CORE_SCHEMA, load as loadYaml } from 'js-yaml'
import type * as v from 'valibot'
import type { SaePlace } from './sae-place.js'

/** A configuration file as a schema has it. */
export interface ConfigFile<Fields> {
  /** With the repository or folder, for messages. */
  readonly file: string
  readonly fields: Fields
}

/** Reads a JSON or YAML file of an SAE's repository. Throws InputError naming file and field where it is missing or not as the schema has it. */
export async function readConfig<Schema extends v.GenericSchema>(
  place: SaePlace,
  path: string,
  schema: Schema,
): Promise<ConfigFile<v.InferOutput<Schema>>> {
  return parseConfig(`${place.name}/${path}`, await place.text(path), schema)
}

/** readConfig, or null where there is no such file. */
export async function readConfigIfPresent<Schema extends v.GenericSchema>(
  place: SaePlace,
  path: string,
  schema: Schema,
): Promise<ConfigFile<v.InferOutput<Schema>> | null> {
  const text = await place.textIfPresent(path)
  return text === null ? null : parseConfig(`${place.name}/${path}`, text, schema)
}

/** The fields in the text of a JSON or YAML file, by its name. */
export function parseConfig<Schema extends v.GenericSchema>(
  file: string,
  text: string,
  schema: Schema,
): ConfigFile<v.InferOutput<Schema>> {
  const values = file.endsWith('.yaml') ? yamlObject(file, text) : jsonObject(file, text)
  return { file, fields: checked(file, schema, values) }
}

function yamlObject(file: string, text: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    // no merge keys and no types of other languages: neither is needed, and merging can take quadratic time
    value = loadYaml(text, { schema: CORE_SCHEMA })
  } catch (cause) {
    throw new InputError(`${file} is not valid YAML; download it again`, { cause })
  }
  if (isObject(value)) return value
  throw new InputError(`${file} is not a YAML mapping; download it again`)
}
