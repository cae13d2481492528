import { InputError } from '@saeval/hub'
import { gemma2Spec, gemma3Spec, gemma3TextSpec } from './gemma.js'
import { gptNeoSpec } from './gpt-neo.js'
import { gptNeoxSpec } from './gpt-neox.js'
import { gptOssSpec } from './gpt-oss.js'
import { gpt2Spec } from './gpt2.js'
import { llamaSpec } from './llama.js'
import type { ModelSpec } from './model-spec.js'
import { qwen35Spec, qwen35TextSpec } from './qwen3-5.js'
import { readConfig } from './read-config.js'
import { type Family, readSpec } from './read-spec.js'

/** model_type of config.json -> how to read it. A new family is one file and one line here. */
const families: Readonly<Record<string, Family>> = {
  gemma: llamaSpec,
  gemma2: gemma2Spec,
  gemma3: gemma3Spec,
  gemma3_text: gemma3TextSpec,
  gpt2: gpt2Spec,
  gpt_neo: gptNeoSpec,
  gpt_neox: gptNeoxSpec,
  gpt_oss: gptOssSpec,
  llama: llamaSpec,
  mistral: llamaSpec,
  qwen2: llamaSpec,
  qwen3: llamaSpec,
  qwen3_5: qwen35Spec,
  qwen3_5_moe: qwen35Spec,
  qwen3_5_moe_text: qwen35TextSpec,
  qwen3_5_text: qwen35TextSpec,
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
  // gpt-oss reads its own
  if (config.modelType !== 'gpt_oss') config.require('quantization_config')
  return readSpec(config, family)
}
