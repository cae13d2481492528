import { InputError } from '@saeval/hub'
import type { LayerNorms } from '@saeval/language-model'
import { modelSpec } from './model-families.js'
import type { ModelSpec, Norm } from './model-spec.js'

/** The norms around the parts of a model's layers, which all layers have alike, by the names of their modules. */
export function layerNormsOf(spec: Pick<ModelSpec, 'layer'>): LayerNorms {
  const { postAttentionNorm, mlpNorm, postMlpNorm } = spec.layer(0)
  return {
    afterAttention: moduleOf(postAttentionNorm),
    beforeMlp: moduleOf(mlpNorm),
    afterMlp: moduleOf(postMlpNorm),
  }
}

/** "layers.0.post_attention_layernorm.weight" -> "post_attention_layernorm". */
function moduleOf(norm: Norm | null): string | null {
  return norm === null ? null : norm.weight.split('.').at(-2)!
}

/** The same of a configuration, whatever its weights; undefined for families that are not known. */
export function layerNormsOfFamily(file: string, configText: string): LayerNorms | undefined {
  try {
    return layerNormsOf(modelSpec(file, configText))
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}
