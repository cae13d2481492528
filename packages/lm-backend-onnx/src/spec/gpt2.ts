import { InputError } from '@saeval/hub'
import type { Linear, ModelSpec } from './model-spec.js'
import { type ModelConfig, positiveInteger } from './read-config.js'

const activations = {
  gelu_new: 'gelu_tanh',
  gelu_pytorch_tanh: 'gelu_tanh',
  gelu: 'gelu',
  relu: 'relu',
  silu: 'silu',
} as const

/** GPT-2: learned positions, LayerNorm before each part, one fused qkv matrix stored as Conv1D. */
export function gpt2Spec(config: ModelConfig): ModelSpec {
  config.require('scale_attn_weights', true)
  config.require('scale_attn_by_inverse_layer_idx', false)
  config.require('reorder_and_upcast_attn', false)
  config.require('add_cross_attention', false)
  config.require('activation_function', ...Object.keys(activations))
  const dModel = positiveInteger(config, 'n_embd')
  const nHeads = positiveInteger(config, 'n_head')
  if (dModel % nHeads !== 0)
    throw new InputError(`${config.file}: n_embd ${dModel} is not a multiple of n_head ${nHeads}`)
  const dMlp = positiveInteger(config, 'n_inner', 4 * dModel)
  const activation = activations[config.string('activation_function', 'gelu_new') as keyof typeof activations]
  const tied = config.boolean('tie_word_embeddings', true)

  const norm = (name: string) => ({ weight: `${name}.weight`, bias: `${name}.bias` })
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
    norm: { kind: 'layer_norm', epsilon: config.number('layer_norm_epsilon', 1e-5), unitOffset: false },
    embedding: { weight: 'wte.weight', scale: null, positions: 'wpe.weight' },
    attention: { scale: (dModel / nHeads) ** -0.5, softcap: null },
    layer: (index) => ({
      attentionNorm: norm(`h.${index}.ln_1`),
      qkv: { fused: linear(`h.${index}.attn.c_attn`, dModel, 3 * dModel) },
      queryKeyNorm: null,
      rope: null,
      attentionOutput: linear(`h.${index}.attn.c_proj`, dModel, dModel),
      postAttentionNorm: null,
      mlpNorm: norm(`h.${index}.ln_2`),
      mlp: {
        up: linear(`h.${index}.mlp.c_fc`, dModel, dMlp),
        gate: null,
        down: linear(`h.${index}.mlp.c_proj`, dMlp, dModel),
        activation,
      },
      postMlpNorm: null,
      window: null,
    }),
    finalNorm: norm('ln_f'),
    unembedding: tied ? 'wte.weight' : 'lm_head.weight',
    finalSoftcap: null,
    prefixes: ['', 'transformer.'],
    // causal-mask buffers of older checkpoints; a tied head saved a second time
    ignoredTensors: [/^h\.\d+\.attn\.(bias|masked_bias)$/, ...(tied ? [/^lm_head\.weight$/] : [])],
  }
}
