import { InputError } from '@saeval/hub'
import { count, index, number, oneOf } from '@saeval/hub/checks'
import * as v from 'valibot'
import { activation } from './activation.js'
import { decoderFields, decoderSizes, decoderSpec } from './decoder-spec.js'
import { family, withTowers } from './family.js'
import { readLayerTypes } from './layer-types.js'
import { linear, llamaAttention, llamaMlp } from './llama-layer.js'
import type { Experts } from './model-spec.js'
import { expertsPerToken, plainExperts } from './qwen-experts.js'
import { epsilon, type FieldsOf, flag, type ModelConfig, size } from './read-config.js'
import { readRope, rotaryLayers } from './rope.js'

const fields = {
  ...decoderFields,
  num_attention_heads: v.nullish(size, 40),
  num_key_value_heads: v.optional(v.nullable(size), 8),
  head_dim: v.optional(v.nullable(size), 128),
  vocab_size: v.nullish(size, 202_048),
  max_position_embeddings: v.nullish(size, 131_072),
  rms_norm_eps: v.nullish(epsilon, 1e-5),
  intermediate_size: v.nullish(size, 8192),
  intermediate_size_mlp: v.nullish(size, 16_384),
  hidden_act: activation('silu'),
  attention_bias: flag(false),
  num_local_experts: v.nullish(count, 16),
  num_experts_per_tok: v.nullish(count, 1),
  moe_layers: v.nullish(v.array(index, 'a list of layers')),
  interleave_moe_layer_step: v.nullish(count, 1),
  use_qk_norm: flag(true),
  // 1 for a layer with rotary positions, 0 for one without; [] is the default
  no_rope_layers: v.nullish(v.array(oneOf([0, 1], '0 or 1'), 'a list of 0 and 1')),
  no_rope_layer_interval: v.nullish(count, 4),
  attention_chunk_size: v.optional(v.nullable(count), 8192),
  // Scout's first file has 4
  attn_temperature_tuning: v.nullish(v.union([v.boolean(), v.number()], 'true or false'), true),
  floor_scale: v.nullish(count, 8192),
  attn_scale: v.nullish(number, 0.1),
}

/**
 * Llama 4's text model: experts that one token reads scaled, beside a shared one; chunks of attention with neighbouring pairs rotated, and every fourth
 * layer without positions or chunks.
 */
export const llama4Text = family(fields, (f, config) => {
  const { file } = config
  const sizes = decoderSizes(config, f)
  const { dModel, nLayers } = sizes
  const rope = readRope(config, f, { theta: 500_000, pairs: 'neighbours' })
  const rotates = rotaryLayers(
    config,
    f.no_rope_layers?.length ? f.no_rope_layers : null,
    f.no_rope_layer_interval,
    nLayers,
  )
  const allowed = ['chunked_attention', 'full_attention'] as const
  const types = readLayerTypes(config, f.layer_types, nLayers, allowed, (layer) =>
    rotates[layer] ? 'chunked_attention' : 'full_attention',
  )
  if (f.attention_chunk_size === null && types.includes('chunked_attention'))
    throw new InputError(`${file}: attention_chunk_size is null, but layers have chunked_attention`)
  const step = f.interleave_moe_layer_step
  const hasExperts = (layer: number) => f.moe_layers?.includes(layer) ?? (layer + 1) % step === 0
  const bias = f.attention_bias
  const dense = { dModel, dMlp: f.intermediate_size_mlp, bias: false, activation: f.hidden_act }
  return decoderSpec(config, {
    ...sizes,
    layer: (index, at) => {
      const isRotated = rotates[index]!
      const { attention, attentionOutput } = llamaAttention(at, {
        ...{ ...sizes, qkvBias: bias, outputBias: bias },
        queryKeyNorm: null,
        rope: isRotated ? rope : null,
        scale: sizes.dHead ** -0.5,
      })
      return {
        attention: {
          ...attention,
          queryKeyNorm:
            isRotated && f.use_qk_norm ? { q: 'no_weight', k: 'no_weight', over: 'head', after: 'rotation' } : null,
          temperature:
            !isRotated && f.attn_temperature_tuning ? { floor: f.floor_scale, strength: f.attn_scale, first: 1 } : null,
          chunk: types[index] === 'chunked_attention' ? f.attention_chunk_size : null,
        },
        attentionOutput,
        mlp: hasExperts(index) ? experts(config, f, `${at}.feed_forward`) : llamaMlp(`${at}.feed_forward`, dense),
      }
    },
    prefixes: ['language_model.model.', 'model.language_model.', 'model.', ''],
  })
})

/** Llama 4 with a vision tower: the text model inside; images are not part of it. */
export const llama4 = withTowers(llama4Text, {
  tied: false,
  towers: /^(model\.)?(vision_model|multi_modal_projector)\./,
})

function experts(config: ModelConfig, f: FieldsOf<typeof fields>, at: string): Experts {
  const { hidden_size: dModel, intermediate_size: dExpert, num_local_experts: count } = f
  return {
    ...plainExperts,
    router: linear(`${at}.router`, dModel, count, false),
    count,
    chosen: expertsPerToken(config, count, f.num_experts_per_tok),
    weights: 'sigmoid',
    weighs: 'inputs',
    dExpert,
    activation: f.hidden_act,
    layouts: [
      {
        kind: 'transposed',
        gateUp: `${at}.experts.gate_up_proj`,
        down: `${at}.experts.down_proj`,
        order: 'halves',
        biases: null,
      },
    ],
    shared: {
      mlp: llamaMlp(`${at}.shared_expert`, { dModel, dMlp: dExpert, bias: false, activation: f.hidden_act }),
      gate: null,
    },
  }
}
