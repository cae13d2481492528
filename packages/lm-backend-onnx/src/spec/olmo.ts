import { count } from '@saeval/hub/checks'
import * as v from 'valibot'
import { activation } from './activation.js'
import { decoderFields, decoderSizes, decoderSpec } from './decoder-spec.js'
import { family } from './family.js'
import { readLayerTypes } from './layer-types.js'
import { llamaAttention, llamaMlp, rmsNorm } from './llama-layer.js'
import type { ModelSpec } from './model-spec.js'
import { epsilon, type FieldsOf, flag, type ModelConfig, size } from './read-config.js'
import { type Rope, readRope, twoRopes } from './rope.js'

const fields = {
  ...decoderFields,
  intermediate_size: size,
  hidden_act: activation('silu'),
  rms_norm_eps: v.nullish(epsilon, 1e-5),
  attention_bias: flag(false),
}

/** OLMo 2: norms after attention and MLP and none before them, norms over all queries and over all keys at once. */
export const olmo2 = family(fields, (f, config) => {
  readLayerTypes(config, f.layer_types, f.num_hidden_layers, ['full_attention'], () => 'full_attention')
  const rope = readRope(config, f)
  return olmoSpec(config, f, () => ({ rope, window: null }))
})

const theta = 500_000

/** OLMo 3: as OLMo 2, with a sliding window in three of four layers, whose rotary positions are never scaled. */
export const olmo3 = family({ ...fields, sliding_window: v.nullish(count, 4096) }, (f, config) => {
  const types = readLayerTypes(
    config,
    f.layer_types,
    f.num_hidden_layers,
    ['sliding_attention', 'full_attention'] as const,
    (layer) => ((layer + 1) % 4 === 0 ? 'full_attention' : 'sliding_attention'),
  )
  // rope_theta of older files is that of full layers alone, in transformers too
  const ropes = twoRopes(config, f, { theta, local: theta })
  return olmoSpec(config, f, (index) =>
    types[index] === 'sliding_attention'
      ? { rope: ropes.sliding, window: f.sliding_window }
      : { rope: ropes.full, window: null },
  )
})

function olmoSpec(
  config: ModelConfig,
  f: FieldsOf<typeof fields>,
  attentionOf: (layer: number) => { readonly rope: Rope; readonly window: number | null },
): ModelSpec {
  const sizes = decoderSizes(config, f)
  const bias = f.attention_bias
  const mlp = { dModel: sizes.dModel, dMlp: f.intermediate_size, bias: false, activation: f.hidden_act }
  return decoderSpec(config, {
    ...sizes,
    layer: (index, at) => ({
      attentionNorm: null,
      ...llamaAttention(at, {
        ...{ ...sizes, qkvBias: bias, outputBias: bias, queryKeyNorm: 'heads' },
        ...attentionOf(index),
        scale: sizes.dHead ** -0.5,
      }),
      postAttentionNorm: rmsNorm(`${at}.post_attention_layernorm`),
      mlpNorm: null,
      mlp: llamaMlp(`${at}.mlp`, mlp),
      postMlpNorm: rmsNorm(`${at}.post_feedforward_layernorm`),
    }),
  })
}
