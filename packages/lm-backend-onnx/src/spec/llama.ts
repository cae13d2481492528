import { InputError } from '@saeval/hub'
import { readActivation } from './activation.js'
import { readLayerTypes } from './layer-types.js'
import { attentionHeads, llamaAttention, llamaMlp, rmsNorm } from './llama-layer.js'
import type { Experts, Mlp, ModelSpec } from './model-spec.js'
import { expertCount, qwenExperts } from './qwen-experts.js'
import { type ModelConfig, positiveInteger } from './read-config.js'
import { hasDynamicRope, readRope } from './rope.js'

/** What the relatives of Llama differ in. */
interface Variant {
  readonly tied: boolean
  /** Whether q, k, v and the output projection have biases: as attention_bias says, or whatever it says. */
  readonly biases: 'attention_bias' | 'qkv' | 'none'
  /** Gain is 1 + weight, the embedding is multiplied by sqrt(d_model), gelu is the tanh form by any name. */
  readonly gemma: boolean
  /** RMS norms over the heads of queries and keys. */
  readonly queryKeyNorm: boolean
  /** Width of a head where the configuration does not say; null: d_model / n_heads. */
  readonly dHead: number | null
  /** Sliding window of each layer. */
  windows(config: ModelConfig, nLayers: number): (number | null)[]
  /** The MLP of a layer where it is not the plain one. */
  readonly mlp?: (config: ModelConfig, layer: number) => Experts | null
}

const plain: Variant = {
  tied: false,
  biases: 'attention_bias',
  gemma: false,
  queryKeyNorm: false,
  dHead: null,
  windows: (config, nLayers) =>
    readLayerTypes(config, nLayers, ['full_attention'], () => 'full_attention').map(() => null),
}

/** model_type -> variant; https://huggingface.co/docs/transformers/model_doc and the configuration classes' defaults. */
const variants: Readonly<Record<string, Variant>> = {
  llama: plain,
  mistral: {
    ...plain,
    biases: 'none',
    windows: (config, nLayers) => {
      const window = config.declares('sliding_window') ? slidingWindow(config) : 4096
      return Array.from({ length: nLayers }, () => window)
    },
  },
  qwen2: { ...plain, biases: 'qkv', windows: qwenWindows },
  qwen3: { ...plain, queryKeyNorm: true, dHead: 128, windows: qwenWindows },
  qwen3_moe: {
    ...plain,
    queryKeyNorm: true,
    windows: (config, nLayers) => {
      const window = config.boolean('use_sliding_window', false) ? slidingWindow(config) : null
      return Array.from({ length: nLayers }, () => window)
    },
    mlp: (config, layer) =>
      isSparse(config, layer)
        ? qwenExperts(config, `layers.${layer}.mlp`, { count: 128, chosen: 8, dExpert: 768 })
        : null,
  },
  gemma: { ...plain, tied: true, gemma: true, dHead: 256 },
}

/** Llama and its relatives: RMS norm before each part, rotary positions, gated MLP. */
export function llamaSpec(config: ModelConfig): ModelSpec {
  const variant = variants[config.modelType]!
  config.require('use_bidirectional_attention', false)
  const nLayers = positiveInteger(config, 'num_hidden_layers')
  const dModel = positiveInteger(config, 'hidden_size')
  const dMlp = positiveInteger(config, 'intermediate_size')
  const { nHeads, nKvHeads } = attentionHeads(config)
  const dHead = positiveInteger(config, 'head_dim', variant.dHead ?? Math.floor(dModel / nHeads))
  const tied = config.boolean('tie_word_embeddings', variant.tied)
  // Qwen 2 has its biases whatever attention_bias says; Mistral has none and no such field
  const attentionBias =
    variant.biases !== 'none' && config.boolean('attention_bias', false) && variant.biases === 'attention_bias'
  const mlpBias = config.modelType === 'llama' && config.boolean('mlp_bias', false)
  const activation = variant.gemma ? gemmaActivation(config) : readActivation(config, 'hidden_act', 'silu')
  const rope = readRope(config)
  const windows = variant.windows(config, nLayers)
  const mlp = (index: number): Mlp | Experts =>
    variant.mlp?.(config, index) ?? llamaMlp(`layers.${index}.mlp`, { dModel, dMlp, bias: mlpBias, activation })
  return {
    family: config.modelType,
    nLayers,
    dModel,
    nHeads,
    nKvHeads,
    dHead,
    vocabSize: positiveInteger(config, 'vocab_size'),
    maxPositions: positiveInteger(config, 'max_position_embeddings'),
    maxPositionsIsHard: hasDynamicRope(config),
    norm: { kind: 'rms_norm', epsilon: config.number('rms_norm_eps', 1e-6), unitOffset: variant.gemma },
    embedding: { weight: 'embed_tokens.weight', scale: variant.gemma ? Math.sqrt(dModel) : null, positions: null },
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
          qkvBias: attentionBias || variant.biases === 'qkv',
          outputBias: attentionBias,
          queryKeyNorm: variant.queryKeyNorm,
          rope,
          scale: dHead ** -0.5,
          window: windows[index] ?? null,
        }),
        postAttentionNorm: null,
        mlpNorm: rmsNorm(`${at}.post_attention_layernorm`),
        mlp: mlp(index),
        postMlpNorm: null,
      }
    },
    finalNorm: rmsNorm('norm'),
    unembedding: tied ? 'embed_tokens.weight' : 'lm_head.weight',
    finalSoftcap: null,
    prefixes: ['model.', ''],
    ignoredTensors: [/^layers\.\d+\.self_attn\.rotary_emb\.inv_freq$/, ...(tied ? [/^lm_head\.weight$/] : [])],
  }
}

/** gelu of Gemma's first release means the tanh form, which transformers computes for it. */
function gemmaActivation(config: ModelConfig) {
  const activation = readActivation(config, 'hidden_act', 'gelu_pytorch_tanh')
  if (config.has('hidden_activation')) config.require('hidden_activation', 'gelu_pytorch_tanh')
  return config.string('hidden_act', 'gelu') === 'gelu' ? 'gelu_tanh' : activation
}

/** Tokens of the sliding window; null where it is null. */
function slidingWindow(config: ModelConfig): number | null {
  if (config.declares('sliding_window') && !config.has('sliding_window')) return null
  return positiveInteger(config, 'sliding_window', 4096)
}

/** Qwen slides from layer max_window_layers on, if at all. */
function qwenWindows(config: ModelConfig, nLayers: number): (number | null)[] {
  const window = config.boolean('use_sliding_window', false) ? slidingWindow(config) : null
  const first = config.number('max_window_layers', 28)
  const types = readLayerTypes(config, nLayers, ['full_attention', 'sliding_attention'], (layer) =>
    window !== null && layer >= first ? 'sliding_attention' : 'full_attention',
  )
  if (window === null && types.includes('sliding_attention'))
    throw new InputError(
      `${config.file}: layer_types has "sliding_attention", but use_sliding_window is false or sliding_window null`,
    )
  return types.map((type) => (type === 'sliding_attention' ? window : null))
}

/** Whether a layer of Qwen 3 MoE has experts. */
function isSparse(config: ModelConfig, layer: number): boolean {
  // read in any case: the field is the family's, even where no layer has experts
  expertCount(config, 128)
  const step = positiveInteger(config, 'decoder_sparse_step', 1)
  const dense = config.object('mlp_only_layers') ?? []
  if (!Array.isArray(dense))
    throw new InputError(`${config.file}: mlp_only_layers is ${JSON.stringify(dense)}, expected a list of layers`)
  return !(dense as unknown[]).includes(layer) && (layer + 1) % step === 0
}
