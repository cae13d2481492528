import { count } from '@saeval/hub/checks'
import * as v from 'valibot'
import { activation } from './activation.js'
import { decoderFields, decoderSizes, decoderSpec } from './decoder-spec.js'
import { family, textSpec, visionFields } from './family.js'
import { readLayerTypes } from './layer-types.js'
import { llamaAttention, llamaMlp, rmsNorm } from './llama-layer.js'
import type { ModelSpec } from './model-spec.js'
import { type FieldsOf, factor, flag, type ModelConfig, only, size } from './read-config.js'
import { type Rope, readRope, twoRopes } from './rope.js'

// configurations may leave out what equals the class's defaults
const fields = {
  ...decoderFields,
  num_attention_heads: v.nullish(size, 8),
  num_key_value_heads: v.nullish(size, 4),
  intermediate_size: size,
  head_dim: v.nullish(size, 256),
  vocab_size: v.nullish(size, 256_000),
  max_position_embeddings: v.nullish(size, 8192),
  attention_bias: flag(false),
  tie_word_embeddings: flag(true),
  hidden_activation: activation('gelu_pytorch_tanh'),
  query_pre_attn_scalar: v.nullish(factor, 256),
  sliding_window: v.nullish(count, 4096),
  use_bidirectional_attention: only(false),
  // absent is the default, null is none
  attn_logit_softcapping: v.optional(v.nullable(factor), 50),
  final_logit_softcapping: v.optional(v.nullable(factor), 30),
}

/** Gemma 2: norms before and after each part, soft-capped logits, every other layer with a sliding window, scaled embedding. */
export const gemma2 = family(fields, (f, config) => {
  const rope = readRope(config, f)
  return gemmaSpec(config, f, { slidesByDefault: (layer) => layer % 2 === 0, queryKeyNorm: null, rope: () => rope })
})

/** Gemma 3's text model: as Gemma 2, with norms on queries and keys, and other rotary frequencies in sliding layers. */
export const gemma3Text = family(
  {
    ...fields,
    vocab_size: v.nullish(size, 262_208),
    max_position_embeddings: v.nullish(size, 131_072),
    attn_logit_softcapping: v.optional(v.nullable(factor), null),
    final_logit_softcapping: v.optional(v.nullable(factor), null),
    sliding_window_pattern: v.nullish(count, 6),
    rope_local_base_freq: v.nullish(factor, 10_000),
  },
  (f, config) => {
    const ropes = twoRopes(config, f, { theta: 1_000_000, local: f.rope_local_base_freq })
    return gemmaSpec(config, f, {
      slidesByDefault: (layer) => (layer + 1) % f.sliding_window_pattern !== 0,
      queryKeyNorm: 'head',
      rope: (slides) => (slides ? ropes.sliding : ropes.full),
    })
  },
)

/** Gemma 3 with a vision tower: the text model inside; images are not part of it. */
export const gemma3 = family(visionFields, (f, config) => {
  const spec = textSpec(f, config, gemma3Text)
  return {
    ...spec,
    prefixes: ['language_model.model.', 'model.language_model.', ...spec.prefixes],
    ignoredTensors: [
      ...spec.ignoredTensors,
      /^(model\.)?(vision_tower|multi_modal_projector)\./,
      ...(spec.unembedding === spec.embedding.weight ? [/^language_model\.lm_head\.weight$/] : []),
    ],
  }
})

/** What Gemma 3 does otherwise. */
interface Variant {
  slidesByDefault(layer: number): boolean
  readonly queryKeyNorm: 'head' | null
  rope(slides: boolean): Rope
}

function gemmaSpec(config: ModelConfig, f: FieldsOf<typeof fields>, variant: Variant): ModelSpec {
  const sizes = decoderSizes(config, f)
  const { dModel } = sizes
  const bias = f.attention_bias
  const mlp = { dModel, dMlp: f.intermediate_size, bias: false, activation: f.hidden_activation }
  const allowed = ['sliding_attention', 'full_attention'] as const
  const slides = readLayerTypes(config, f.layer_types, f.num_hidden_layers, allowed, (layer) =>
    variant.slidesByDefault(layer) ? 'sliding_attention' : 'full_attention',
  ).map((type) => type === 'sliding_attention')
  return decoderSpec(config, {
    ...sizes,
    norm: { ...sizes.norm, unitOffset: true },
    embedding: { weight: 'embed_tokens.weight', scale: Math.sqrt(dModel), positions: null },
    layer: (index, at) => ({
      ...llamaAttention(at, {
        ...{ ...sizes, qkvBias: bias, outputBias: bias },
        queryKeyNorm: variant.queryKeyNorm,
        rope: variant.rope(slides[index] ?? false),
        scale: f.query_pre_attn_scalar ** -0.5,
        softcap: f.attn_logit_softcapping,
        window: slides[index] ? f.sliding_window : null,
      }),
      postAttentionNorm: rmsNorm(`${at}.post_attention_layernorm`),
      mlpNorm: rmsNorm(`${at}.pre_feedforward_layernorm`),
      mlp: llamaMlp(`${at}.mlp`, mlp),
      postMlpNorm: rmsNorm(`${at}.post_feedforward_layernorm`),
    }),
    finalSoftcap: f.final_logit_softcapping,
  })
}
