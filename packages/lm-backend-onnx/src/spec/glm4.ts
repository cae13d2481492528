import * as v from 'valibot'
import { activation } from './activation.js'
import { decoderFields, decoderSizes, decoderSpec } from './decoder-spec.js'
import { family } from './family.js'
import { readLayerTypes } from './layer-types.js'
import { gateInUp, llamaAttention, rmsNorm } from './llama-layer.js'
import { epsilon, flag, size } from './read-config.js'
import { readRope } from './rope.js'

/** GLM 4 (0414): norms before and after each part, half of each head rotated in neighbouring pairs, one matrix for gate and up. */
export const glm4 = family(
  {
    ...decoderFields,
    num_key_value_heads: v.nullish(size, 2),
    head_dim: v.nullish(size, 128),
    max_position_embeddings: v.nullish(size, 131_072),
    rms_norm_eps: v.nullish(epsilon, 1.5625e-7),
    intermediate_size: size,
    hidden_act: activation('silu'),
    attention_bias: flag(true),
  },
  (f, config) => {
    readLayerTypes(config, f.layer_types, f.num_hidden_layers, ['full_attention'], () => 'full_attention')
    const sizes = decoderSizes(config, f)
    const rope = readRope(config, f, { fraction: 0.5, pairs: 'neighbours' })
    const mlp = { dModel: sizes.dModel, dMlp: f.intermediate_size, activation: f.hidden_act }
    return decoderSpec(config, {
      ...sizes,
      layer: (_, at) => ({
        ...llamaAttention(at, {
          ...{ ...sizes, qkvBias: f.attention_bias, outputBias: false, queryKeyNorm: null },
          rope,
          scale: sizes.dHead ** -0.5,
        }),
        postAttentionNorm: rmsNorm(`${at}.post_self_attn_layernorm`),
        mlp: gateInUp(`${at}.mlp`, mlp),
        postMlpNorm: rmsNorm(`${at}.post_mlp_layernorm`),
      }),
    })
  },
)
