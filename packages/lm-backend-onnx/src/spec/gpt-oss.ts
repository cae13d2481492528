import { count, objectOf, oneOf } from '@saeval/hub/checks'
import * as v from 'valibot'
import { decoderFields, decoderSizes, decoderSpec } from './decoder-spec.js'
import { family } from './family.js'
import { readLayerTypes } from './layer-types.js'
import { linear, llamaAttention } from './llama-layer.js'
import type { ExpertLayout, Experts } from './model-spec.js'
import { expertsPerToken, plainExperts } from './qwen-experts.js'
import { epsilon, type FieldsOf, flag, type ModelConfig, only, size } from './read-config.js'
import { readRope } from './rope.js'

/** Rotary scaling that the configuration class assumes. */
const defaultScaling = {
  rope_type: 'yarn',
  factor: 32,
  beta_fast: 32,
  beta_slow: 1,
  truncate: false,
  original_max_position_embeddings: 4096,
}

const fields = {
  ...decoderFields,
  num_attention_heads: v.nullish(size, 64),
  num_key_value_heads: v.nullish(size, 8),
  max_position_embeddings: v.nullish(size, 131_072),
  head_dim: v.nullish(size, 64),
  rms_norm_eps: v.nullish(epsilon, 1e-5),
  attention_bias: flag(true),
  sliding_window: v.nullish(count, 128),
  num_local_experts: v.nullish(count, 128),
  num_experts_per_tok: v.nullish(count, 4),
  intermediate_size: size,
  hidden_act: only('silu'),
  swiglu_limit: only(7),
  quantization_config: v.nullish(objectOf({ quant_method: oneOf(['mxfp4'], '"mxfp4"') })),
}

/** gpt-oss: experts in every layer, a sink in every head's softmax, a sliding window in every other layer. */
export const gptOss = family(fields, (f, config) => {
  const sizes = decoderSizes(config, f)
  const rope = readRope(config, f, { theta: 150_000, scaling: defaultScaling })
  const allowed = ['sliding_attention', 'full_attention'] as const
  const types = readLayerTypes(config, f.layer_types, f.num_hidden_layers, allowed, (layer) =>
    layer % 2 === 0 ? 'sliding_attention' : 'full_attention',
  )
  return decoderSpec(config, {
    ...sizes,
    layer: (index, at) => {
      const { attention, attentionOutput } = llamaAttention(at, {
        ...{ ...sizes, qkvBias: f.attention_bias, outputBias: f.attention_bias },
        queryKeyNorm: null,
        rope,
        scale: sizes.dHead ** -0.5,
        window: types[index] === 'sliding_attention' ? f.sliding_window : null,
      })
      return {
        attention: { ...attention, sinks: `${at}.self_attn.sinks` },
        attentionOutput,
        mlp: experts(config, f, `${at}.mlp`),
      }
    },
  })
})

function experts(config: ModelConfig, f: FieldsOf<typeof fields>, at: string): Experts {
  const count = f.num_local_experts
  const tensors = {
    gateUp: `${at}.experts.gate_up_proj`,
    down: `${at}.experts.down_proj`,
    biases: { gateUp: `${at}.experts.gate_up_proj_bias`, down: `${at}.experts.down_proj_bias` },
  }
  const transposed: ExpertLayout = { kind: 'transposed', order: 'alternating', ...tensors }
  return {
    ...plainExperts,
    router: linear(`${at}.router`, f.hidden_size, count, true),
    count,
    chosen: expertsPerToken(config, count, f.num_experts_per_tok),
    weights: 'chosen',
    dExpert: f.intermediate_size,
    activation: 'clamped_swiglu',
    // a model that was quantised may have been saved in full since
    layouts: f.quantization_config ? [{ kind: 'mxfp4', ...tensors }, transposed] : [transposed],
  }
}
