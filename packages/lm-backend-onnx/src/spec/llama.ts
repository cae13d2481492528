import { InputError } from '@saeval/hub'
import type { Activation, Linear, ModelSpec } from './model-spec.js'
import { type ModelConfig, positiveInteger } from './read-config.js'
import { readRope } from './rope.js'

/** What the relatives of Llama differ in. */
interface Variant {
  readonly activation: Activation
  /** Field and values of config.json that mean this activation. */
  readonly activationNames: Readonly<Record<string, readonly string[]>>
  readonly tied: boolean
  /** Biases of q, k, v and of the attention output where config.json does not say. */
  readonly biases: { readonly qkv: boolean; readonly output: boolean }
  /** Gain is 1 + weight, and the embedding is multiplied by sqrt(d_model). */
  readonly gemma: boolean
  /** RMS norms over the heads of queries and keys. */
  readonly queryKeyNorm?: boolean
  /** Sliding window of a layer. */
  window(config: ModelConfig, layer: number): number | null
}

const silu = { activation: 'silu', activationNames: { hidden_act: ['silu'] } } as const
const noBiases = { qkv: false, output: false }

function qwenWindow(config: ModelConfig, layer: number): number | null {
  if (!config.boolean('use_sliding_window', false)) return null
  return layer >= config.number('max_window_layers', 28) ? positiveInteger(config, 'sliding_window', 4096) : null
}

/** model_type -> variant; https://huggingface.co/docs/transformers/model_doc */
const variants: Readonly<Record<string, Variant>> = {
  llama: { ...silu, tied: false, biases: noBiases, gemma: false, window: () => null },
  mistral: {
    ...silu,
    tied: false,
    biases: noBiases,
    gemma: false,
    window: (config) => (config.has('sliding_window') ? positiveInteger(config, 'sliding_window') : null),
  },
  qwen2: {
    ...silu,
    tied: false,
    biases: { qkv: true, output: false },
    gemma: false,
    window: qwenWindow,
  },
  qwen3: { ...silu, tied: false, biases: noBiases, gemma: false, queryKeyNorm: true, window: qwenWindow },
  gemma: {
    activation: 'gelu_tanh',
    // hidden_act of the first release says gelu, and transformers computes the tanh form all the same
    activationNames: { hidden_activation: ['gelu_pytorch_tanh'], hidden_act: ['gelu', 'gelu_pytorch_tanh'] },
    tied: true,
    biases: noBiases,
    gemma: true,
    window: () => null,
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
  const nHeads = positiveInteger(config, 'num_attention_heads')
  const nKvHeads = positiveInteger(config, 'num_key_value_heads', nHeads)
  if (nHeads % nKvHeads !== 0)
    throw new InputError(
      `${config.file}: num_attention_heads ${nHeads} is not a multiple of num_key_value_heads ${nKvHeads}`,
    )
  const dHead = positiveInteger(config, 'head_dim', variant.gemma ? 256 : dModel / nHeads)
  const tied = config.boolean('tie_word_embeddings', variant.tied)
  const qkvBias = config.boolean('attention_bias', variant.biases.qkv)
  const outputBias = config.boolean('attention_bias', variant.biases.output)
  const mlpBias = config.boolean('mlp_bias', false)
  const rope = readRope(config)
  checkLayerTypes(config, variant, nLayers)
  const norm = (name: string) => ({ weight: `${name}.weight`, bias: null })
  const linear = (name: string, inFeatures: number, outFeatures: number, bias: boolean): Linear => {
    return { weight: `${name}.weight`, bias: bias ? `${name}.bias` : null, layout: 'out_in', inFeatures, outFeatures }
  }
  return {
    family: config.modelType,
    nLayers,
    dModel,
    nHeads,
    nKvHeads,
    dHead,
    vocabSize: positiveInteger(config, 'vocab_size'),
    maxPositions: positiveInteger(config, 'max_position_embeddings', 2048),
    norm: { kind: 'rms_norm', epsilon: config.number('rms_norm_eps', 1e-6), unitOffset: variant.gemma },
    embedding: { weight: 'embed_tokens.weight', scale: variant.gemma ? Math.sqrt(dModel) : null, positions: null },
    attention: { scale: dHead ** -0.5, softcap: null },
    layer: (index) => {
      const at = `layers.${index}`
      return {
        attentionNorm: norm(`${at}.input_layernorm`),
        qkv: {
          q: linear(`${at}.self_attn.q_proj`, dModel, nHeads * dHead, qkvBias),
          k: linear(`${at}.self_attn.k_proj`, dModel, nKvHeads * dHead, qkvBias),
          v: linear(`${at}.self_attn.v_proj`, dModel, nKvHeads * dHead, qkvBias),
        },
        queryKeyNorm: variant.queryKeyNorm
          ? { q: norm(`${at}.self_attn.q_norm`), k: norm(`${at}.self_attn.k_norm`) }
          : null,
        rope,
        attentionOutput: linear(`${at}.self_attn.o_proj`, nHeads * dHead, dModel, outputBias),
        postAttentionNorm: null,
        mlpNorm: norm(`${at}.post_attention_layernorm`),
        mlp: {
          up: linear(`${at}.mlp.up_proj`, dModel, dMlp, mlpBias),
          gate: linear(`${at}.mlp.gate_proj`, dModel, dMlp, mlpBias),
          down: linear(`${at}.mlp.down_proj`, dMlp, dModel, mlpBias),
          activation: variant.activation,
        },
        postMlpNorm: null,
        window: variant.window(config, index),
      }
    },
    finalNorm: norm('norm'),
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
