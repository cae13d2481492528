import { InputError } from '@saeval/hub'
import { readLayerTypes } from './layer-types.js'
import { attentionHeads, linear, llamaAttention, rmsNorm } from './llama-layer.js'
import type { ExpertLayout, Experts, ModelSpec } from './model-spec.js'
import { expertsPerToken } from './qwen-experts.js'
import { type ModelConfig, positiveInteger } from './read-config.js'
import { hasDynamicRope, readRope } from './rope.js'

/** Rotary scaling that the configuration class assumes. */
const defaultScaling = {
  rope_type: 'yarn',
  factor: 32,
  beta_fast: 32,
  beta_slow: 1,
  truncate: false,
  original_max_position_embeddings: 4096,
}

/** gpt-oss: experts in every layer, a sink in every head's softmax, a sliding window in every other layer. */
export function gptOssSpec(config: ModelConfig): ModelSpec {
  config.require('hidden_act', 'silu')
  config.require('swiglu_limit', 7)
  const nLayers = positiveInteger(config, 'num_hidden_layers')
  const dModel = positiveInteger(config, 'hidden_size')
  const { nHeads, nKvHeads } = attentionHeads(config, { nHeads: 64, nKvHeads: 8 })
  const dHead = positiveInteger(config, 'head_dim', 64)
  const bias = config.boolean('attention_bias', true)
  const tied = config.boolean('tie_word_embeddings', false)
  const rope = readRope(config, { theta: 150_000, scaling: defaultScaling })
  const window = positiveInteger(config, 'sliding_window', 128)
  const types = readLayerTypes(config, nLayers, ['sliding_attention', 'full_attention'], (layer) =>
    layer % 2 === 0 ? 'sliding_attention' : 'full_attention',
  )
  return {
    family: 'gpt_oss',
    nLayers,
    dModel,
    nHeads,
    nKvHeads,
    dHead,
    vocabSize: positiveInteger(config, 'vocab_size'),
    maxPositions: positiveInteger(config, 'max_position_embeddings', 131_072),
    maxPositionsIsHard: hasDynamicRope(config),
    norm: { kind: 'rms_norm', epsilon: config.number('rms_norm_eps', 1e-5), unitOffset: false },
    embedding: { weight: 'embed_tokens.weight', scale: null, positions: null },
    parallelResidual: false,
    recurrent: false,
    layer: (index) => {
      const at = `layers.${index}`
      const { attention, attentionOutput } = llamaAttention(at, {
        dModel,
        nHeads,
        nKvHeads,
        dHead,
        qkvBias: bias,
        outputBias: bias,
        queryKeyNorm: false,
        rope,
        scale: dHead ** -0.5,
        window: types[index] === 'sliding_attention' ? window : null,
      })
      return {
        attentionNorm: rmsNorm(`${at}.input_layernorm`),
        attention: { ...attention, sinks: `${at}.self_attn.sinks` },
        attentionOutput,
        postAttentionNorm: null,
        mlpNorm: rmsNorm(`${at}.post_attention_layernorm`),
        mlp: experts(config, `${at}.mlp`, dModel),
        postMlpNorm: null,
      }
    },
    finalNorm: rmsNorm('norm'),
    unembedding: tied ? 'embed_tokens.weight' : 'lm_head.weight',
    finalSoftcap: null,
    prefixes: ['model.', ''],
    ignoredTensors: tied ? [/^lm_head\.weight$/] : [],
  }
}

function experts(config: ModelConfig, at: string, dModel: number): Experts {
  const count = positiveInteger(config, 'num_local_experts', 128)
  const tensors = {
    gateUp: `${at}.experts.gate_up_proj`,
    down: `${at}.experts.down_proj`,
    gateUpBias: `${at}.experts.gate_up_proj_bias`,
    downBias: `${at}.experts.down_proj_bias`,
  }
  const transposed: ExpertLayout = { kind: 'transposed', ...tensors }
  return {
    kind: 'experts',
    router: linear(`${at}.router`, dModel, count, true),
    count,
    chosen: expertsPerToken(config, count, 4),
    weights: 'chosen',
    dExpert: positiveInteger(config, 'intermediate_size'),
    activation: 'clamped_swiglu',
    // a model that was quantised may have been saved in full since
    layouts: isMxfp4(config) ? [{ kind: 'mxfp4', ...tensors }, transposed] : [transposed],
    shared: null,
  }
}

/** Whether quantization_config says MXFP4. Throws InputError for any other kind. */
function isMxfp4(config: ModelConfig): boolean {
  const quantization = config.object('quantization_config')
  if (quantization === null) return false
  if (quantization.quant_method === 'mxfp4') return true
  throw new InputError(
    `${config.file}: quantization_config.quant_method is ${JSON.stringify(quantization.quant_method)}, expected "mxfp4"`,
  )
}
