import { checked, count, index, number, oneOf } from '@saeval/hub/checks'
import * as v from 'valibot'
import { activation } from './activation.js'
import { decoderFields, decoderSizes, decoderSpec } from './decoder-spec.js'
import { family } from './family.js'
import { layerWindows, readLayerTypes } from './layer-types.js'
import { llamaAttention, llamaMlp } from './llama-layer.js'
import type { Experts, ModelSpec } from './model-spec.js'
import { expertFields, qwenExperts } from './qwen-experts.js'
import { type FieldsOf, flag, type ModelConfig, only, size } from './read-config.js'
import { readRope } from './rope.js'

const fields = {
  ...decoderFields,
  intermediate_size: size,
  hidden_act: activation('silu'),
  use_bidirectional_attention: only(false),
}

/** What the relatives of Llama differ in. */
interface Variant {
  /** Whether q, k and v have biases; false by default. */
  readonly qkvBias?: boolean
  /** Whether the output projection has one; false by default. */
  readonly outputBias?: boolean
  readonly mlpBias?: boolean
  /** Gain is 1 + weight, the embedding is multiplied by sqrt(d_model). */
  readonly gemma?: boolean
  /** RMS norms over the heads of queries and keys. */
  readonly queryKeyNorm?: 'head'
  /** Sliding window of each layer. */
  readonly windows?: readonly (number | null)[]
  /** The MLP of a layer where it is not the plain one. */
  mlp?(layer: number, at: string): Experts | null
}

/** Llama and its relatives: RMS norm before each part, rotary positions, gated MLP. */
function llamaSpec(config: ModelConfig, f: FieldsOf<typeof fields>, variant: Variant): ModelSpec {
  const { queryKeyNorm = null, qkvBias = false, outputBias = false, mlpBias = false, gemma = false } = variant
  const sizes = decoderSizes(config, f)
  const { dModel, dHead } = sizes
  const rope = readRope(config, f)
  const mlp = { dModel, dMlp: f.intermediate_size, bias: mlpBias, activation: f.hidden_act }
  return decoderSpec(config, {
    ...sizes,
    norm: { ...sizes.norm, unitOffset: gemma },
    embedding: { weight: 'embed_tokens.weight', scale: gemma ? Math.sqrt(dModel) : null, positions: null },
    layer: (index, at) => ({
      ...llamaAttention(at, {
        ...{ ...sizes, qkvBias, outputBias, queryKeyNorm, rope },
        scale: dHead ** -0.5,
        window: variant.windows?.[index] ?? null,
      }),
      mlp: variant.mlp?.(index, `${at}.mlp`) ?? llamaMlp(`${at}.mlp`, mlp),
    }),
    ignoredTensors: [/^layers\.\d+\.self_attn\.rotary_emb\.inv_freq$/],
  })
}

const biased = { ...fields, attention_bias: flag(false) }

/** Llama 2 and 3. */
export const llama = family({ ...biased, mlp_bias: flag(false) }, (f, config) => {
  readLayerTypes(config, f.layer_types, f.num_hidden_layers, ['full_attention'], () => 'full_attention')
  return llamaSpec(config, f, { qkvBias: f.attention_bias, outputBias: f.attention_bias, mlpBias: f.mlp_bias })
})

/** Gemma 1. gelu of its first release means the tanh form, which transformers computes for it. */
export const gemma = family(
  {
    ...biased,
    head_dim: v.nullish(size, 256),
    tie_word_embeddings: flag(true),
    hidden_act: activation('gelu', { gelu: 'gelu_tanh' }),
    hidden_activation: only('gelu_pytorch_tanh'),
  },
  (f, config) => {
    readLayerTypes(config, f.layer_types, f.num_hidden_layers, ['full_attention'], () => 'full_attention')
    const bias = f.attention_bias
    return llamaSpec(config, f, { qkvBias: bias, outputBias: bias, gemma: true })
  },
)

// absent is the default, null is none
const slidingWindow = v.optional(v.nullable(count), 4096)

/** Mistral slides in every layer, if at all. */
export const mistral = family({ ...fields, sliding_window: slidingWindow }, (f, config) =>
  llamaSpec(config, f, { windows: Array(f.num_hidden_layers).fill(f.sliding_window) }),
)

const windowFields = { use_sliding_window: flag(false), sliding_window: v.optional(v.unknown()) }

/** Tokens of Qwen's sliding window, which counts only where it is asked for; null for none. */
function windowOf({ file }: ModelConfig, f: FieldsOf<typeof windowFields>): number | null {
  return f.use_sliding_window ? checked(file, slidingWindow, f.sliding_window, 'sliding_window') : null
}

const qwenFields = {
  ...biased,
  ...windowFields,
  max_window_layers: v.nullish(number, 28),
}

/** Qwen 2 and 2.5, which have their biases whatever attention_bias says. */
export const qwen2 = family(qwenFields, (f, config) =>
  llamaSpec(config, f, { qkvBias: true, windows: qwenWindows(f, config) }),
)

/** Qwen 3. */
export const qwen3 = family({ ...qwenFields, head_dim: v.nullish(size, 128) }, (f, config) =>
  llamaSpec(config, f, {
    qkvBias: f.attention_bias,
    outputBias: f.attention_bias,
    queryKeyNorm: 'head',
    windows: qwenWindows(f, config),
  }),
)

/** Qwen slides from layer max_window_layers on, if at all. */
function qwenWindows(f: FieldsOf<typeof qwenFields>, config: ModelConfig): (number | null)[] {
  const window = windowOf(config, f)
  const allowed = ['full_attention', 'sliding_attention'] as const
  const types = readLayerTypes(config, f.layer_types, f.num_hidden_layers, allowed, (layer) =>
    window !== null && layer >= f.max_window_layers ? 'sliding_attention' : 'full_attention',
  )
  return layerWindows(config, types, window)
}

/** Qwen 3 with experts in some layers. */
export const qwen3Moe = family(
  {
    ...fields,
    ...expertFields({ count: 128, chosen: 8, dExpert: 768 }),
    hidden_act: v.nullish(oneOf(['silu'], '"silu"'), 'silu'),
    attention_bias: flag(false),
    ...windowFields,
    norm_topk_prob: flag(false),
    decoder_sparse_step: v.nullish(count, 1),
    mlp_only_layers: v.nullish(v.array(index, 'a list of layers'), []),
  },
  (f, config) => {
    const window = windowOf(config, f)
    return llamaSpec(config, f, {
      qkvBias: f.attention_bias,
      outputBias: f.attention_bias,
      queryKeyNorm: 'head',
      windows: Array(f.num_hidden_layers).fill(window),
      mlp: (layer, at) =>
        !f.mlp_only_layers.includes(layer) && (layer + 1) % f.decoder_sparse_step === 0
          ? qwenExperts(config, f, at, f.norm_topk_prob ? 'all_renormalized' : 'all')
          : null,
    })
  },
)
