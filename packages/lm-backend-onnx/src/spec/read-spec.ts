import { InputError } from '@saeval/hub'
import { refuseForeignFields } from './foreign-fields.js'
import type { ModelSpec } from './model-spec.js'
import { configOf, type ModelConfig } from './read-config.js'

export type Family = (config: ModelConfig) => ModelSpec

/** The specification by a family's rules, every layer read, so that what is wrong with one shows before anything is downloaded. */
export function readSpec(config: ModelConfig, family: Family): ModelSpec {
  const spec = family(config)
  const layers = Array.from({ length: spec.nLayers }, (_, index) => spec.layer(index))
  refuseForeignFields(config)
  return { ...spec, layer: (index) => layers[index]! }
}

/** The same for the language model inside a configuration with a vision tower; `fields` stand above those of text_config. */
export function readTextSpec(
  config: ModelConfig,
  family: Family,
  fields: Readonly<Record<string, unknown>> = {},
): ModelSpec {
  const inside = config.object('text_config')
  if (inside === null) throw new InputError(`${config.file}: text_config is missing`)
  const text = configOf(`${config.file}: text_config`, {
    model_type: `${config.modelType}_text`,
    ...inside,
    ...fields,
  })
  text.require('quantization_config')
  return readSpec(text, family)
}
