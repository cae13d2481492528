import { InputError } from '@saeval/hub'
import { gemma2Spec, gemma3Spec, gemma3TextSpec } from './gemma.js'
import { gptNeoSpec } from './gpt-neo.js'
import { gptNeoxSpec } from './gpt-neox.js'
import { gpt2Spec } from './gpt2.js'
import { llamaSpec } from './llama.js'
import type { ModelSpec } from './model-spec.js'
import { type ModelConfig, readConfig } from './read-config.js'

/** model_type of config.json -> how to read it. A new family is one file and one line here. */
const families: Readonly<Record<string, (config: ModelConfig) => ModelSpec>> = {
  gemma: llamaSpec,
  gemma2: gemma2Spec,
  gemma3: gemma3Spec,
  gemma3_text: gemma3TextSpec,
  gpt2: gpt2Spec,
  gpt_neo: gptNeoSpec,
  gpt_neox: gptNeoxSpec,
  llama: llamaSpec,
  mistral: llamaSpec,
  qwen2: llamaSpec,
  qwen3: llamaSpec,
  qwen3_moe: llamaSpec,
}

/** The specification of the model a config.json describes; throws InputError naming the field that cannot be honoured. */
export function modelSpec(file: string, configText: string): ModelSpec {
  const config = readConfig(file, configText)
  const family = families[config.modelType]
  if (!family) {
    const known = Object.keys(families).join(', ')
    throw new InputError(`${file}: models of type "${config.modelType}" are not supported yet; supported: ${known}`)
  }
  config.require('quantization_config')
  return family(config)
}
