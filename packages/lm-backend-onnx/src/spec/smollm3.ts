import { count, oneOf } from '@saeval/hub/checks'
import * as v from 'valibot'
import { activation } from './activation.js'
import { decoderFields, decoderSizes, decoderSpec } from './decoder-spec.js'
import { family } from './family.js'
import { layerWindows, readLayerTypes } from './layer-types.js'
import { llamaAttention, llamaMlp } from './llama-layer.js'
import { flag, size } from './read-config.js'
import { readRope, rotaryLayers } from './rope.js'

/** SmolLM 3: a Llama whose every fourth layer has no positions. */
export const smollm3 = family(
  {
    ...decoderFields,
    num_key_value_heads: v.optional(v.nullable(size), 4),
    intermediate_size: size,
    hidden_act: activation('silu'),
    tie_word_embeddings: flag(true),
    attention_bias: flag(false),
    mlp_bias: flag(false),
    // 1 for a layer with rotary positions, 0 for one without
    no_rope_layers: v.nullish(v.array(oneOf([0, 1], '0 or 1'), 'a list of 0 and 1')),
    no_rope_layer_interval: v.nullish(count, 4),
    use_sliding_window: flag(false),
    sliding_window: v.nullish(count, null),
  },
  (f, config) => {
    const nLayers = f.num_hidden_layers
    const sizes = decoderSizes(config, f)
    const rope = readRope(config, f, { theta: 2_000_000 })
    const rotates = rotaryLayers(config, f.no_rope_layers, f.no_rope_layer_interval, nLayers)
    const window = f.use_sliding_window ? f.sliding_window : null
    const types = readLayerTypes(
      config,
      f.layer_types,
      nLayers,
      ['sliding_attention', 'full_attention'] as const,
      (layer) => (window !== null && !rotates[layer] ? 'sliding_attention' : 'full_attention'),
    )
    const windows = layerWindows(config, types, window)
    const bias = f.attention_bias
    const mlp = { dModel: sizes.dModel, dMlp: f.intermediate_size, bias: f.mlp_bias, activation: f.hidden_act }
    return decoderSpec(config, {
      ...sizes,
      layer: (index, at) => ({
        ...llamaAttention(at, {
          ...{ ...sizes, qkvBias: bias, outputBias: bias, queryKeyNorm: null },
          rope: rotates[index] ? rope : null,
          scale: sizes.dHead ** -0.5,
          window: windows[index] ?? null,
        }),
        mlp: llamaMlp(`${at}.mlp`, mlp),
      }),
    })
  },
)
