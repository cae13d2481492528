import { readActivation } from './activation.js'
import { readLayerTypes } from './layer-types.js'
import { attentionHeads, llamaAttention, llamaMlp, rmsNorm } from './llama-layer.js'
import type { ModelSpec } from './model-spec.js'
import { type ModelConfig, positiveInteger } from './read-config.js'
import { readTextSpec } from './read-spec.js'
import { gemma3Ropes, hasDynamicRope, type Rope, readRope } from './rope.js'

/** Gemma 2: norms before and after each part, soft-capped logits, every other layer with a sliding window, scaled embedding. */
export function gemma2Spec(config: ModelConfig): ModelSpec {
  const rope = readRope(config)
  return gemmaSpec(config, {
    defaults: { vocabSize: 256_000, maxPositions: 8192, attentionSoftcap: 50, finalSoftcap: 30 },
    slidesByDefault: (layer) => layer % 2 === 0,
    queryKeyNorm: false,
    rope: () => rope,
  })
}

/** What Gemma 3 does otherwise. */
interface GemmaVariant {
  /** What the configuration class assumes where the file says nothing. */
  readonly defaults: {
    readonly vocabSize: number
    readonly maxPositions: number
    readonly attentionSoftcap: number | null
    readonly finalSoftcap: number | null
  }
  slidesByDefault(layer: number): boolean
  readonly queryKeyNorm: boolean
  rope(slides: boolean): Rope
}

/** Gemma 3's text model: as Gemma 2, with norms on queries and keys, and other rotary frequencies in sliding layers. */
export function gemma3TextSpec(config: ModelConfig): ModelSpec {
  const pattern = positiveInteger(config, 'sliding_window_pattern', 6)
  const ropes = gemma3Ropes(config)
  return gemmaSpec(config, {
    defaults: { vocabSize: 262_208, maxPositions: 131_072, attentionSoftcap: null, finalSoftcap: null },
    slidesByDefault: (layer) => (layer + 1) % pattern !== 0,
    queryKeyNorm: true,
    rope: (slides) => (slides ? ropes.sliding : ropes.full),
  })
}

/** Gemma 3 with a vision tower: the text model inside; images are not part of it. */
export function gemma3Spec(config: ModelConfig): ModelSpec {
  const spec = readTextSpec(config, gemma3TextSpec)
  return {
    ...spec,
    family: 'gemma3',
    prefixes: ['language_model.model.', 'model.language_model.', ...spec.prefixes],
    ignoredTensors: [
      ...spec.ignoredTensors,
      /^(model\.)?(vision_tower|multi_modal_projector)\./,
      ...(spec.unembedding === spec.embedding.weight ? [/^language_model\.lm_head\.weight$/] : []),
    ],
  }
}

function gemmaSpec(config: ModelConfig, variant: GemmaVariant): ModelSpec {
  config.require('use_bidirectional_attention', false)
  const nLayers = positiveInteger(config, 'num_hidden_layers')
  const dModel = positiveInteger(config, 'hidden_size')
  const dMlp = positiveInteger(config, 'intermediate_size')
  // configurations may leave out what equals the class's defaults
  const { nHeads, nKvHeads } = attentionHeads(config, { nHeads: 8, nKvHeads: 4 })
  const dHead = positiveInteger(config, 'head_dim', 256)
  const attentionBias = config.boolean('attention_bias', false)
  const tied = config.boolean('tie_word_embeddings', true)
  const activation = readActivation(config, 'hidden_activation', 'gelu_pytorch_tanh')
  const slidingWindow = positiveInteger(config, 'sliding_window', 4096)
  const slides = readLayerTypes(config, nLayers, ['sliding_attention', 'full_attention'], (layer) =>
    variant.slidesByDefault(layer) ? 'sliding_attention' : 'full_attention',
  ).map((type) => type === 'sliding_attention')
  const softcap = (field: string, byDefault: number | null) =>
    config.declares(field) ? config.numberOrNull(field) : byDefault
  const attentionSoftcap = softcap('attn_logit_softcapping', variant.defaults.attentionSoftcap)

  return {
    family: config.modelType,
    nLayers,
    dModel,
    nHeads,
    nKvHeads,
    dHead,
    vocabSize: positiveInteger(config, 'vocab_size', variant.defaults.vocabSize),
    maxPositions: positiveInteger(config, 'max_position_embeddings', variant.defaults.maxPositions),
    maxPositionsIsHard: hasDynamicRope(config),
    norm: { kind: 'rms_norm', epsilon: config.number('rms_norm_eps', 1e-6), unitOffset: true },
    embedding: { weight: 'embed_tokens.weight', scale: Math.sqrt(dModel), positions: null },
    parallelResidual: false,
    recurrent: false,
    layer: (index) => {
      const at = `layers.${index}`
      return {
        attentionNorm: rmsNorm(`${at}.input_layernorm`),
        ...llamaAttention(at, {
          dModel,
          nHeads,
          nKvHeads,
          dHead,
          qkvBias: attentionBias,
          outputBias: attentionBias,
          queryKeyNorm: variant.queryKeyNorm,
          rope: variant.rope(slides[index] ?? false),
          scale: config.number('query_pre_attn_scalar', 256) ** -0.5,
          softcap: attentionSoftcap,
          window: slides[index] ? slidingWindow : null,
        }),
        postAttentionNorm: rmsNorm(`${at}.post_attention_layernorm`),
        mlpNorm: rmsNorm(`${at}.pre_feedforward_layernorm`),
        mlp: llamaMlp(`${at}.mlp`, { dModel, dMlp, bias: false, activation }),
        postMlpNorm: rmsNorm(`${at}.post_feedforward_layernorm`),
      }
    },
    finalNorm: rmsNorm('norm'),
    unembedding: tied ? 'embed_tokens.weight' : 'lm_head.weight',
    finalSoftcap: softcap('final_logit_softcapping', variant.defaults.finalSoftcap),
    prefixes: ['model.', ''],
    ignoredTensors: tied ? [/^lm_head\.weight$/] : [],
  }
}
