import { InputError } from '@saeval/hub'
import type { Linear, ModelSpec } from './model-spec.js'
import { type ModelConfig, positiveInteger } from './read-config.js'
import { readRope } from './rope.js'

/** Gemma 2: norms before and after each part, soft-capped logits, every other layer with a sliding window, scaled embedding. */
export function gemma2Spec(config: ModelConfig): ModelSpec {
  config.require('hidden_activation', 'gelu_pytorch_tanh')
  config.require('use_bidirectional_attention', false)
  const nLayers = positiveInteger(config, 'num_hidden_layers')
  const dModel = positiveInteger(config, 'hidden_size')
  const dMlp = positiveInteger(config, 'intermediate_size')
  const nHeads = positiveInteger(config, 'num_attention_heads')
  const nKvHeads = positiveInteger(config, 'num_key_value_heads')
  if (nHeads % nKvHeads !== 0) {
    throw new InputError(
      `${config.file}: num_attention_heads ${nHeads} is not a multiple of num_key_value_heads ${nKvHeads}`,
    )
  }
  const dHead = positiveInteger(config, 'head_dim', 256)
  const attentionBias = config.boolean('attention_bias', false)
  const tied = config.boolean('tie_word_embeddings', true)
  const slidingWindow = positiveInteger(config, 'sliding_window', 4096)
  const windows = slidingLayers(config, nLayers).map((sliding) => (sliding ? slidingWindow : null))

  const norm = (name: string) => ({ weight: `${name}.weight`, bias: null })
  const linear = (name: string, inFeatures: number, outFeatures: number, bias = false): Linear => {
    return { weight: `${name}.weight`, bias: bias ? `${name}.bias` : null, layout: 'out_in', inFeatures, outFeatures }
  }
  return {
    family: 'gemma2',
    nLayers,
    dModel,
    nHeads,
    nKvHeads,
    dHead,
    vocabSize: positiveInteger(config, 'vocab_size'),
    maxPositions: positiveInteger(config, 'max_position_embeddings', 8192),
    norm: { kind: 'rms_norm', epsilon: config.number('rms_norm_eps', 1e-6), unitOffset: true },
    embedding: { weight: 'embed_tokens.weight', scale: Math.sqrt(dModel), positions: null },
    attention: {
      scale: config.number('query_pre_attn_scalar', 256) ** -0.5,
      softcap: config.numberOrNull('attn_logit_softcapping'),
    },
    rope: readRope(config),
    layer: (index) => {
      const at = `layers.${index}`
      return {
        attentionNorm: norm(`${at}.input_layernorm`),
        qkv: {
          q: linear(`${at}.self_attn.q_proj`, dModel, nHeads * dHead, attentionBias),
          k: linear(`${at}.self_attn.k_proj`, dModel, nKvHeads * dHead, attentionBias),
          v: linear(`${at}.self_attn.v_proj`, dModel, nKvHeads * dHead, attentionBias),
        },
        attentionOutput: linear(`${at}.self_attn.o_proj`, nHeads * dHead, dModel, attentionBias),
        postAttentionNorm: norm(`${at}.post_attention_layernorm`),
        mlpNorm: norm(`${at}.pre_feedforward_layernorm`),
        mlp: {
          up: linear(`${at}.mlp.up_proj`, dModel, dMlp),
          gate: linear(`${at}.mlp.gate_proj`, dModel, dMlp),
          down: linear(`${at}.mlp.down_proj`, dMlp, dModel),
          activation: 'gelu_tanh',
        },
        postMlpNorm: norm(`${at}.post_feedforward_layernorm`),
        window: windows[index] ?? null,
      }
    },
    finalNorm: norm('norm'),
    unembedding: tied ? 'embed_tokens.weight' : 'lm_head.weight',
    finalSoftcap: config.numberOrNull('final_logit_softcapping'),
    prefixes: ['model.', ''],
    ignoredTensors: tied ? [/^lm_head\.weight$/] : [],
  }
}

/** Which layers slide: layer_types where the config has it (transformers 5), else the even ones. */
function slidingLayers(config: ModelConfig, nLayers: number): boolean[] {
  const types = config.strings('layer_types')
  if (types === null) return Array.from({ length: nLayers }, (_, index) => index % 2 === 0)
  if (types.length !== nLayers)
    throw new InputError(`${config.file}: layer_types has ${types.length} entries for ${nLayers} layers`)
  return types.map((type) => {
    if (type === 'sliding_attention') return true
    if (type === 'full_attention') return false
    throw new InputError(`${config.file}: layer_types has "${type}", expected sliding_attention or full_attention`)
  })
}
