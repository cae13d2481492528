import { checked, object, objectOf } from '@saeval/hub/checks'
import type * as v from 'valibot'
import { refuseForeignFields } from './foreign-fields.js'
import type { ModelSpec } from './model-spec.js'
import { absent, configOf, type FieldsOf, type ModelConfig } from './read-config.js'
import { checkRope } from './rope-table.js'

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
    for (const rope of new Set(layers.map(({ attention }) => (attention.kind === 'softmax' ? attention.rope : null))))
      if (rope !== null) checkRope(config, rope, spec.dHead)
    refuseForeignFields(config, Object.keys(all))
    return { ...spec, layer: (index) => layers[index]! }
  }
}

/** Entries of a configuration with a vision tower. */
export const visionFields = { text_config: object }

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
