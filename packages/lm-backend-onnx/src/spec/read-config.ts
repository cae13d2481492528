import { checked, count, jsonObject, objectOf, oneOf, text, truth } from '@saeval/hub/checks'
import * as v from 'valibot'

/** config.json of a Hugging Face model, or a part of it; its family's schema reads the fields. */
export interface ModelConfig {
  /** For messages: "config.json: text_config" for a part. */
  readonly file: string
  readonly modelType: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** The fields of a configuration as a family's schema has them. */
export type FieldsOf<Entries extends v.ObjectEntries> = v.InferOutput<v.ObjectSchema<Entries, undefined>>

/** Parses config.json text; throws InputError when it is not an object with a model_type. */
export function readConfig(file: string, text: string): ModelConfig {
  return configOf(file, jsonObject(file, text, 'download the model again'))
}

const schema = objectOf({ model_type: text })

/** A configuration from its fields. Throws InputError where they name no model_type. */
export function configOf(file: string, fields: ModelConfig['fields']): ModelConfig {
  return { file, modelType: checked(file, schema, fields).model_type, fields }
}

/** true or false; `fallback` where the field is absent or null. */
export function flag(fallback: boolean) {
  return v.nullish(truth, fallback)
}

/** Nothing, null or one of the values that the graph builder can honour. */
export function only(...allowed: readonly unknown[]) {
  return v.nullish(oneOf(allowed, allowed.map((value) => JSON.stringify(value)).join(' or ')))
}

/** Number of layers; more than any model has would only fill the memory. */
export const layerCount = v.pipe(count, v.maxValue(10_000, 'at most 10000 layers'))

/** A width or another size. Beyond the bound float32 counts no tokens, and products of sizes are no whole numbers any more. */
export const size = v.pipe(count, v.maxValue(2 ** 24, 'at most 16777216'))

/** What is added to a variance. */
export const epsilon = inRange((value) => value >= 0 && value <= 1, 'a number from 0 to 1')

/** What something is multiplied with or divided by in float32. */
export const factor = inRange((value) => value > 0 && value <= 1e30, 'a number above 0, up to 1e30')

/** A share of a whole. */
export const share = inRange((value) => value > 0 && value <= 1, 'a number above 0, up to 1')

function inRange(holds: (value: number) => boolean, expected: string) {
  return v.custom<number>((value) => typeof value === 'number' && holds(value), expected)
}

/** Nothing or null. */
export const absent = v.nullish(v.never('none: it is not supported yet'))
