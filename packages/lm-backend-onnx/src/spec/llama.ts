import { InputError } from '@saeval/hub'
import { attentionHeads, llamaAttention, llamaMlp, rmsNorm } from './llama-layer.js'
import type { Activation, ModelSpec } from './model-spec.js'
import { type ModelConfig, positiveInteger } from './read-config.js'
import { readRope } from './rope.js'

/** What the relatives of Llama differ in. */
interface Variant {
  readonly activation: Activation
  /** Field and values of config.json that mean this activation. */
  readonly activationNames: Readonly<Record<string, readonly string[]>>
  readonly tied: boolean
  /** Whether q, k and v have biases where config.json does not say. */
  readonly qkvBias: boolean
  /** Gain is 1 + weight, and the embedding is multiplied by sqrt(d_model). */
  readonly gemma: boolean
  /** RMS norms over the heads of queries and keys. */
  readonly queryKeyNorm: boolean
  /** Sliding window of a layer. */
  window(config: ModelConfig, layer: number): number | null
}

const plain = {
  activation: 'silu',
  activationNames: { hidden_act: ['silu'] },
  tied: false,
  qkvBias: false,
  gemma: false,
  queryKeyNorm: false,
  window: () => null,
} as const

/** Qwen slides from layer max_window_layers on, if at all; defaults of transformers' Qwen2Config. */
function qwenWindow(config: ModelConfig, layer: number): number | null {
  if (!config.boolean('use_sliding_window', false)) return null
  return layer >= config.number('max_window_layers', 28) ? positiveInteger(config, 'sliding_window', 4096) : null
}

/** model_type -> variant; https://huggingface.co/docs/transformers/model_doc */
const variants: Readonly<Record<string, Variant>> = {
  llama: plain,
  mistral: {
    ...plain,
    window: (config) => (config.has('sliding_window') ? positiveInteger(config, 'sliding_window') : null),
  },
  qwen2: { ...plain, qkvBias: true, window: qwenWindow },
  qwen3: { ...plain, queryKeyNorm: true, window: qwenWindow },
  gemma: {
    ...plain,
    activation: 'gelu_tanh',
    // hidden_act of the first release says gelu, and transformers computes the tanh form all the same
    activationNames: { hidden_activation: ['gelu_pytorch_tanh'], hidden_act: ['gelu', 'gelu_pytorch_tanh'] },
    tied: true,
    gemma: true,
  },
}

/** Llama and its relatives: RMS norm before each part, rotary positions, gated MLP. */
export function llamaSpec(config: ModelConfig): ModelSpec {
  const variant = variants[config.modelType]!
  for (const [field, names] of Object.entries(variant.activationNames)) config.require(field, ...names)
  config.require('use_bidirectional_attention', false)
  const nLayers = positiveInteger(config, 'num_hidden_layers')
  const dModel = positiveInteger(config, 'hidden_size')
  const dMlp = positiveInteger(config, 'intermediate_size')
  const { nHeads, nKvHeads } = attentionHeads(config)
  const dHead = positiveInteger(config, 'head_dim', variant.gemma ? 256 : dModel / nHeads)
  const tied = config.boolean('tie_word_embeddings', variant.tied)
  const qkvBias = config.boolean('attention_bias', variant.qkvBias)
  const outputBias = config.boolean('attention_bias', false)
  const mlpBias = config.boolean('mlp_bias', false)
  const rope = readRope(config)
  checkLayerTypes(config, variant, nLayers)
  return {
    family: config.modelType,
    nLayers,
    dModel,
    nHeads,
    nKvHeads,
    dHead,
    vocabSize: positiveInteger(config, 'vocab_size'),
    maxPositions: positiveInteger(config, 'max_position_embeddings'),
    norm: { kind: 'rms_norm', epsilon: config.number('rms_norm_eps', 1e-6), unitOffset: variant.gemma },
    embedding: { weight: 'embed_tokens.weight', scale: variant.gemma ? Math.sqrt(dModel) : null, positions: null },
    attention: { scale: dHead ** -0.5, softcap: null },
    layer: (index) => {
      const at = `layers.${index}`
      return {
        attentionNorm: rmsNorm(`${at}.input_layernorm`),
        ...llamaAttention(at, {
          dModel,
          nHeads,
          nKvHeads,
          dHead,
          qkvBias,
          outputBias,
          queryKeyNorm: variant.queryKeyNorm,
        }),
        rope,
        postAttentionNorm: null,
        mlpNorm: rmsNorm(`${at}.post_attention_layernorm`),
        mlp: llamaMlp(at, { dModel, dMlp, bias: mlpBias, activation: variant.activation }),
        postMlpNorm: null,
        window: variant.window(config, index),
      }
    },
    finalNorm: rmsNorm('norm'),
    unembedding: tied ? 'embed_tokens.weight' : 'lm_head.weight',
    finalSoftcap: null,
    prefixes: ['model.', ''],
    ignoredTensors: [/^layers\.\d+\.self_attn\.rotary_emb\.inv_freq$/, ...(tied ? [/^lm_head\.weight$/] : [])],
  }
}

/** layer_types (transformers 5) must say what the variant computes anyway. */
function checkLayerTypes(config: ModelConfig, variant: Variant, nLayers: number): void {
  const types = config.strings('layer_types')
  if (types === null) return
  const expected = Array.from({ length: nLayers }, (_, layer) =>
    variant.window(config, layer) === null ? 'full_attention' : 'sliding_attention',
  )
  if (types.join() !== expected.join())
    throw new InputError(
      `${config.file}: layer_types is ${JSON.stringify(types)}, expected ${JSON.stringify(expected)} by the fields on sliding windows`,
    )
}
