import { InputError } from '@saeval/hub'
import { shown } from '@saeval/hub/checks'
import type { Family } from './family.js'
import { gemma2, gemma3, gemma3Text } from './gemma.js'
import { gemma4, gemma4Text, gemma4Unified, gemma4UnifiedText } from './gemma4.js'
import { glm4 } from './glm4.js'
import { gptNeo } from './gpt-neo.js'
import { gptNeox } from './gpt-neox.js'
import { gptOss } from './gpt-oss.js'
import { gpt2 } from './gpt2.js'
import { gemma, llama, mistral, qwen2, qwen3, qwen3Moe } from './llama.js'
import { llama4, llama4Text } from './llama4.js'
import { ministral3, mistral3 } from './ministral3.js'
import type { ModelSpec } from './model-spec.js'
import { olmo2, olmo3 } from './olmo.js'
import { phi3 } from './phi3.js'
import { qwen35, qwen35Moe, qwen35MoeText, qwen35Text } from './qwen3-5.js'
import { readConfig } from './read-config.js'
import { smollm3 } from './smollm3.js'

/** model_type of config.json -> how to read it. A new family is one file and one line here. */
const families: Readonly<Record<string, Family>> = {
  gemma,
  gemma2,
  gemma3,
  gemma3_text: gemma3Text,
  gemma4,
  gemma4_text: gemma4Text,
  gemma4_unified: gemma4Unified,
  gemma4_unified_text: gemma4UnifiedText,
  glm4,
  gpt2,
  gpt_neo: gptNeo,
  gpt_neox: gptNeox,
  gpt_oss: gptOss,
  llama,
  llama4,
  llama4_text: llama4Text,
  ministral3,
  mistral,
  mistral3,
  olmo2,
  olmo3,
  phi3,
  qwen2,
  qwen3,
  qwen3_5: qwen35,
  qwen3_5_moe: qwen35Moe,
  qwen3_5_moe_text: qwen35MoeText,
  qwen3_5_text: qwen35Text,
  qwen3_moe: qwen3Moe,
  smollm3,
}

/** The specification of the model a config.json describes; throws InputError naming the field that cannot be honoured. */
export function modelSpec(file: string, configText: string): ModelSpec {
  const config = readConfig(file, configText)
  if (Object.hasOwn(families, config.modelType)) return families[config.modelType]!(config)
  const known = Object.keys(families).join(', ')
  throw new InputError(`${file}: models of type ${shown(config.modelType)} are not supported yet; supported: ${known}`)
}
