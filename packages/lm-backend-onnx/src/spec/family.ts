import { checked, object, objectOf } from '@saeval/hub/checks'
import * as v from 'valibot'
import { refuseForeignFields } from './foreign-fields.js'
import type { ModelSpec } from './model-spec.js'
import { absent, configOf, type FieldsOf, flag, type ModelConfig } from './read-config.js'
import { checkRope, ropesOf } from './rope-table.js'

/** Reads the configuration of a kind of model. Throws InputError naming the field that cannot be honoured. */
export type Family = (config: ModelConfig) => ModelSpec

/**
 * A family by the fields that it reads and what it makes of them. Every layer is made at once, so that what is wrong with one shows before anything is
 * downloaded. Fields of other architectures are refused, quantization_config too unless the family reads it.
 */
export function family<Entries extends v.ObjectEntries>(
  entries: Entries,
  build: (fields: FieldsOf<Entries>, config: ModelConfig) => ModelSpec,
): Family {
  const all = { quantization_config: absent, ...entries }
  const schema = objectOf(all)
  return (config) => {
    const spec = build(checked(config.file, schema, config.fields) as FieldsOf<Entries>, config)
    const layers = Array.from({ length: spec.nLayers }, (_, index) => spec.layer(index))
    for (const { rope, dHead } of ropesOf(layers)) checkRope(config, rope, dHead)
    refuseForeignFields(config, Object.keys(all))
    return { ...spec, layer: (index) => layers[index]! }
  }
}

/** Entries of a configuration with a vision tower. */
export const visionFields = { text_config: object }

/**
 * A family whose text model stands beside towers for pictures and sounds, tensors `towers`, which are not part of it. Whether the head is tied, the
 * whole model's word counts where it has one, or `tied` stands for it.
 */
export function withTowers(
  text: Family,
  {
    tied: byDefault,
    prefixes = [],
    towers,
  }: { readonly tied?: boolean; readonly prefixes?: readonly string[]; readonly towers: RegExp },
): Family {
  return family({ ...visionFields, tie_word_embeddings: v.optional(flag(byDefault ?? false)) }, (f, config) => {
    const tied = f.tie_word_embeddings ?? byDefault
    const spec = textSpec(f, config, text, tied === undefined ? {} : { tie_word_embeddings: tied })
    return {
      ...spec,
      prefixes: [...new Set([...prefixes, ...spec.prefixes])],
      ignoredTensors: [...spec.ignoredTensors, towers],
    }
  })
}

/** The language model inside a configuration with a vision tower, by `text`; `above` stands above the fields of text_config. */
export function textSpec(
  { text_config: inside }: FieldsOf<typeof visionFields>,
  { file, modelType }: ModelConfig,
  text: Family,
  above: ModelConfig['fields'] = {},
): ModelSpec {
  return {
    ...text(configOf(`${file}: text_config`, { model_type: `${modelType}_text`, ...inside, ...above })),
    family: modelType,
  }
}
