import { InputError } from '@saeval/hub'
import { readActivation } from './activation.js'
import { layerNorm, plainAttention } from './llama-layer.js'
import type { Linear, ModelSpec } from './model-spec.js'
import { type ModelConfig, positiveInteger } from './read-config.js'

/** GPT-2: learned positions, LayerNorm before each part, one fused qkv matrix stored as Conv1D. */
export function gpt2Spec(config: ModelConfig): ModelSpec {
  config.require('add_cross_attention', false)
  const dModel = positiveInteger(config, 'n_embd')
  const nHeads = positiveInteger(config, 'n_head')
  if (dModel % nHeads !== 0)
    throw new InputError(`${config.file}: n_embd ${dModel} is not a multiple of n_head ${nHeads}`)
  const dMlp = positiveInteger(config, 'n_inner', 4 * dModel)
  const activation = readActivation(config, 'activation_function', 'gelu_new')
  const tied = config.boolean('tie_word_embeddings', true)
  const headScale = config.boolean('scale_attn_weights', true) ? (dModel / nHeads) ** -0.5 : 1
  const scaledByLayer = config.boolean('scale_attn_by_inverse_layer_idx', false)
  // it reorders the computation and raises its precision, which in float32 changes nothing
  config.boolean('reorder_and_upcast_attn', false)

  const linear = (name: string, inFeatures: number, outFeatures: number): Linear => {
    return { weight: `${name}.weight`, bias: `${name}.bias`, layout: 'in_out', inFeatures, outFeatures }
  }
  return {
    family: 'gpt2',
    nLayers: positiveInteger(config, 'n_layer'),
    dModel,
    nHeads,
    nKvHeads: nHeads,
    dHead: dModel / nHeads,
    vocabSize: positiveInteger(config, 'vocab_size'),
    maxPositions: positiveInteger(config, 'n_positions'),
    maxPositionsIsHard: true,
    norm: { kind: 'layer_norm', epsilon: config.number('layer_norm_epsilon', 1e-5), unitOffset: false },
    embedding: { weight: 'wte.weight', scale: null, positions: 'wpe.weight' },
    parallelResidual: false,
    recurrent: false,
    layer: (index) => ({
      attentionNorm: layerNorm(`h.${index}.ln_1`),
      attention: {
        ...plainAttention,
        qkv: { fused: linear(`h.${index}.attn.c_attn`, dModel, 3 * dModel), order: 'by_kind' },
        scale: scaledByLayer ? headScale / (index + 1) : headScale,
      },
      attentionOutput: linear(`h.${index}.attn.c_proj`, dModel, dModel),
      postAttentionNorm: null,
      mlpNorm: layerNorm(`h.${index}.ln_2`),
      mlp: {
        kind: 'dense',
        up: linear(`h.${index}.mlp.c_fc`, dModel, dMlp),
        gate: null,
        down: linear(`h.${index}.mlp.c_proj`, dMlp, dModel),
        activation,
      },
      postMlpNorm: null,
    }),
    finalNorm: layerNorm('ln_f'),
    unembedding: tied ? 'wte.weight' : 'lm_head.weight',
    finalSoftcap: null,
    prefixes: ['', 'transformer.'],
    // causal-mask buffers of older checkpoints; a tied head saved a second time
    ignoredTensors: [/^h\.\d+\.attn\.(bias|masked_bias)$/, ...(tied ? [/^lm_head\.weight$/] : [])],
  }
}
