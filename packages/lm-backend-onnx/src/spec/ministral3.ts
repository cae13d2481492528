import { checked, count, objectOf } from '@saeval/hub/checks'
import * as v from 'valibot'
import { activation } from './activation.js'
import { decoderFields, decoderSizes, decoderSpec } from './decoder-spec.js'
import { type Family, family, withTowers } from './family.js'
import { mistral } from './llama.js'
import { llamaAttention, llamaMlp } from './llama-layer.js'
import { epsilon, factor, size } from './read-config.js'
import { readRope } from './rope.js'

const temperature = objectOf({ llama_4_scaling_beta: factor, original_max_position_embeddings: factor })

const defaultRope = {
  rope_type: 'yarn',
  rope_theta: 1_000_000,
  factor: 16,
  original_max_position_embeddings: 16_384,
  beta_fast: 32,
  beta_slow: 1,
  mscale: 1,
  mscale_all_dim: 1,
  llama_4_scaling_beta: 0.1,
}

/** Ministral 3's text model: a Mistral whose queries grow with their positions. */
export const ministral3 = family(
  {
    ...decoderFields,
    num_attention_heads: v.nullish(size, 32),
    num_key_value_heads: v.nullish(size, 8),
    head_dim: v.nullish(size, 128),
    max_position_embeddings: v.nullish(size, 262_144),
    rms_norm_eps: v.nullish(epsilon, 1e-5),
    intermediate_size: v.nullish(size, 14_336),
    hidden_act: activation('silu'),
    sliding_window: v.nullish(count, null),
  },
  (f, config) => {
    const sizes = decoderSizes(config, f)
    const parameters = f.rope_parameters ?? defaultRope
    const rope = readRope(config, { ...f, rope_parameters: parameters })
    const growth = checked(config.file, temperature, parameters, 'rope_parameters')
    const mlp = { dModel: sizes.dModel, dMlp: f.intermediate_size, bias: false, activation: f.hidden_act }
    return decoderSpec(config, {
      ...sizes,
      layer: (_, at) => {
        const { attention, attentionOutput } = llamaAttention(at, {
          ...{ ...sizes, qkvBias: false, outputBias: false, queryKeyNorm: null },
          rope,
          scale: sizes.dHead ** -0.5,
          window: f.sliding_window,
        })
        return {
          attention: {
            ...attention,
            temperature: {
              floor: growth.original_max_position_embeddings,
              strength: growth.llama_4_scaling_beta,
              first: 0,
            },
          },
          attentionOutput,
          mlp: llamaMlp(`${at}.mlp`, mlp),
        }
      },
    })
  },
)

const text: Family = (config) => (config.modelType === 'ministral3' ? ministral3(config) : mistral(config))

/** Mistral Small 3.1 and later, and Ministral 3, with a vision tower: the text model inside; images are not part of it. */
export const mistral3 = withTowers(text, {
  prefixes: ['language_model.model.', 'model.language_model.'],
  towers: /^(model\.)?(vision_tower|multi_modal_projector)\./,
})
