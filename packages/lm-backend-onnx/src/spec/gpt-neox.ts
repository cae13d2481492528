import * as v from 'valibot'
import { activation } from './activation.js'
import { decoderSpec } from './decoder-spec.js'
import { family } from './family.js'
import { headWidth, layerNorm, linear, plainAttention } from './llama-layer.js'
import { epsilon, factor, flag, layerCount, share, size } from './read-config.js'
import { readRope, ropeFields, ropePositions } from './rope.js'

const fields = {
  ...ropeFields,
  num_hidden_layers: layerCount,
  hidden_size: size,
  num_attention_heads: size,
  intermediate_size: size,
  vocab_size: size,
  max_position_embeddings: size,
  attention_bias: flag(true),
  tie_word_embeddings: flag(false),
  use_parallel_residual: flag(true),
  hidden_act: activation('gelu'),
  layer_norm_eps: v.nullish(epsilon, 1e-5),
  rotary_emb_base: v.nullish(factor),
  rotary_pct: v.nullish(share),
}

/** GPT-NeoX (Pythia): attention and MLP side by side, part of each head rotated, q, k and v of each head together in one matrix. */
export const gptNeox = family(fields, (f, config) => {
  const { hidden_size: dModel, num_attention_heads: nHeads, intermediate_size: dMlp, attention_bias: bias } = f
  const dHead = headWidth(config, { hidden_size: dModel, num_attention_heads: nHeads })
  const rotary = { rope_theta: f.rotary_emb_base, partial_rotary_factor: f.rotary_pct }
  const rope = readRope(config, { ...f, ...rotary }, { fraction: 0.25 })
  return decoderSpec(config, {
    nLayers: f.num_hidden_layers,
    dModel,
    vocabSize: f.vocab_size,
    ...ropePositions(f),
    norm: { kind: 'layer_norm', epsilon: f.layer_norm_eps, unitOffset: false },
    embedding: { weight: 'embed_in.weight', scale: null, positions: null },
    parallelResidual: f.use_parallel_residual,
    layer: (_, at) => ({
      attentionNorm: layerNorm(`${at}.input_layernorm`),
      attention: {
        ...plainAttention,
        ...{ nHeads, nKvHeads: nHeads, dHead },
        qkv: { fused: linear(`${at}.attention.query_key_value`, dModel, 3 * dModel, bias), order: 'by_head' },
        rope,
        scale: dHead ** -0.5,
      },
      attentionOutput: linear(`${at}.attention.dense`, dModel, dModel, bias),
      mlpNorm: layerNorm(`${at}.post_attention_layernorm`),
      mlp: {
        kind: 'dense',
        up: linear(`${at}.mlp.dense_h_to_4h`, dModel, dMlp, true),
        gate: null,
        down: linear(`${at}.mlp.dense_4h_to_h`, dMlp, dModel, true),
        activation: f.hidden_act,
      },
    }),
    finalNorm: layerNorm('final_layer_norm'),
    tied: f.tie_word_embeddings,
    head: 'embed_out.weight',
    prefixes: ['gpt_neox.', ''],
    // buffers of older checkpoints
    ignoredTensors: [/^layers\.\d+\.attention\.(bias|masked_bias|rotary_emb\.inv_freq)$/],
  })
})
