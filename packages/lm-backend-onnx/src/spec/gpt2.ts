import * as v from 'valibot'
import { activation } from './activation.js'
import { decoderSpec } from './decoder-spec.js'
import { family } from './family.js'
import { headWidth, layerNorm, plainAttention } from './llama-layer.js'
import type { Linear } from './model-spec.js'
import { epsilon, flag, layerCount, only, size } from './read-config.js'

const fields = {
  n_embd: size,
  n_head: size,
  n_layer: layerCount,
  n_inner: v.nullish(size),
  n_positions: size,
  vocab_size: size,
  activation_function: activation('gelu_new'),
  tie_word_embeddings: flag(true),
  scale_attn_weights: flag(true),
  scale_attn_by_inverse_layer_idx: flag(false),
  // it reorders the computation and raises its precision, which in float32 changes nothing
  reorder_and_upcast_attn: flag(false),
  layer_norm_epsilon: v.nullish(epsilon, 1e-5),
  add_cross_attention: only(false),
}

/** GPT-2: learned positions, LayerNorm before each part, one fused qkv matrix stored as Conv1D. */
export const gpt2 = family(fields, (f, config) => {
  const { n_embd: dModel, n_head: nHeads } = f
  const dHead = headWidth(config, { n_embd: dModel, n_head: nHeads })
  const dMlp = f.n_inner ?? 4 * dModel
  const headScale = f.scale_attn_weights ? dHead ** -0.5 : 1
  const linear = (name: string, inFeatures: number, outFeatures: number): Linear => {
    return { weight: `${name}.weight`, bias: `${name}.bias`, layout: 'in_out', inFeatures, outFeatures }
  }
  return decoderSpec(config, {
    nLayers: f.n_layer,
    dModel,
    vocabSize: f.vocab_size,
    maxPositions: f.n_positions,
    maxPositionsIsHard: true,
    norm: { kind: 'layer_norm', epsilon: f.layer_norm_epsilon, unitOffset: false },
    embedding: { weight: 'wte.weight', scale: null, positions: 'wpe.weight' },
    layer: (index) => ({
      attentionNorm: layerNorm(`h.${index}.ln_1`),
      attention: {
        ...plainAttention,
        ...{ nHeads, nKvHeads: nHeads, dHead },
        qkv: { fused: linear(`h.${index}.attn.c_attn`, dModel, 3 * dModel), order: 'by_kind' },
        scale: f.scale_attn_by_inverse_layer_idx ? headScale / (index + 1) : headScale,
      },
      attentionOutput: linear(`h.${index}.attn.c_proj`, dModel, dModel),
      mlpNorm: layerNorm(`h.${index}.ln_2`),
      mlp: {
        kind: 'dense',
        up: linear(`h.${index}.mlp.c_fc`, dModel, dMlp),
        gate: null,
        down: linear(`h.${index}.mlp.c_proj`, dMlp, dModel),
        activation: f.activation_function,
      },
    }),
    finalNorm: layerNorm('ln_f'),
    tied: f.tie_word_embeddings,
    prefixes: ['', 'transformer.'],
    // causal-mask buffers of older checkpoints
    ignoredTensors: [/^h\.\d+\.attn\.(bias|masked_bias)$/],
  })
})
