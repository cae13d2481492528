import { count, object } from '@saeval/hub/checks'
import * as v from 'valibot'
import { activation } from './activation.js'
import { decoderFields, decoderSizes, decoderSpec } from './decoder-spec.js'
import { family } from './family.js'
import { gateInUp, linear, plainAttention } from './llama-layer.js'
import { epsilon, factor, only, size } from './read-config.js'
import { readRope } from './rope.js'

// names that the first releases gave to longrope
const longrope = ['su', 'yarn', 'longrope']

/** rope_scaling, which is longrope or nothing. */
const scaling = v.nullish(
  v.pipe(
    object,
    v.transform((values) => {
      const kind = values.rope_type ?? values.type
      return kind == null ? values : { ...values, rope_type: longrope.includes(kind as string) ? 'longrope' : kind }
    }),
    v.check(
      ({ rope_type: kind = 'default' }) => kind === 'longrope' || kind === 'default',
      'a rope_type of "longrope"',
    ),
  ),
)

/** Phi 3 and 4: a Llama whose queries, keys and values come from one matrix, as gate and up-projection do. */
export const phi3 = family(
  {
    ...decoderFields,
    rope_scaling: scaling,
    rope_parameters: scaling,
    intermediate_size: size,
    hidden_act: activation('silu'),
    rms_norm_eps: v.nullish(epsilon, 1e-5),
    sliding_window: v.nullish(count, null),
    original_max_position_embeddings: v.nullish(factor, 4096),
    attention_bias: only(false),
    layer_types: v.nullish(v.never('none: every layer is alike')),
  },
  (f, config) => {
    const sizes = decoderSizes(config, f)
    const { dModel, nHeads, nKvHeads, dHead } = sizes
    const rope = readRope(config, f, { fraction: 1 })
    return decoderSpec(config, {
      ...sizes,
      layer: (_, at) => ({
        attention: {
          ...plainAttention,
          ...{ nHeads, nKvHeads, dHead },
          qkv: {
            fused: linear(`${at}.self_attn.qkv_proj`, dModel, (nHeads + 2 * nKvHeads) * dHead, false),
            order: 'by_kind',
          },
          rope,
          scale: dHead ** -0.5,
          window: f.sliding_window,
        },
        attentionOutput: linear(`${at}.self_attn.o_proj`, nHeads * dHead, dModel, false),
        mlp: gateInUp(`${at}.mlp`, { dModel, dMlp: f.intermediate_size, activation: f.hidden_act }),
      }),
    })
  },
)
