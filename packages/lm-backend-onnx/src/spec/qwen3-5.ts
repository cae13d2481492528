import { InputError } from '@saeval/hub'
import { readLayerTypes } from './layer-types.js'
import { attentionHeads, linear, llamaAttention, llamaMlp, rmsNorm } from './llama-layer.js'
import type { DeltaNet, Experts, LayerSpec, Mlp, ModelSpec } from './model-spec.js'
import { qwenExperts } from './qwen-experts.js'
import { type ModelConfig, positiveInteger } from './read-config.js'
import { readTextSpec } from './read-spec.js'
import { hasDynamicRope, readRope } from './rope.js'

/** Qwen 3.5's text model: three layers of gated delta-net for each layer of gated softmax attention; with experts or without. */
export function qwen35TextSpec(config: ModelConfig): ModelSpec {
  config.require('hidden_act', 'silu')
  config.require('attn_output_gate', true)
  const nLayers = positiveInteger(config, 'num_hidden_layers')
  const dModel = positiveInteger(config, 'hidden_size')
  const { nHeads, nKvHeads } = attentionHeads(config, { nHeads: 16, nKvHeads: hasExperts(config) ? 2 : 4 })
  const dHead = positiveInteger(config, 'head_dim', 256)
  const bias = config.boolean('attention_bias', false)
  const tied = config.boolean('tie_word_embeddings', false)
  const rope = readRope(config, { fraction: 0.25 })
  const interval = positiveInteger(config, 'full_attention_interval', 4)
  const types = readLayerTypes(config, nLayers, ['linear_attention', 'full_attention'], (layer) =>
    (layer + 1) % interval === 0 ? 'full_attention' : 'linear_attention',
  )
  const fullAttention = (at: string) =>
    llamaAttention(at, {
      dModel,
      nHeads,
      nKvHeads,
      dHead,
      qkvBias: bias,
      outputBias: bias,
      queryKeyNorm: true,
      outputGate: true,
      rope,
      scale: dHead ** -0.5,
    })
  return {
    family: config.modelType,
    nLayers,
    dModel,
    nHeads,
    nKvHeads,
    dHead,
    vocabSize: positiveInteger(config, 'vocab_size', 248_320),
    maxPositions: positiveInteger(config, 'max_position_embeddings', 32_768),
    maxPositionsIsHard: hasDynamicRope(config),
    norm: { kind: 'rms_norm', epsilon: config.number('rms_norm_eps', 1e-6), unitOffset: true },
    embedding: { weight: 'embed_tokens.weight', scale: null, positions: null },
    parallelResidual: false,
    recurrent: types.includes('linear_attention'),
    layer: (index) => {
      const at = `layers.${index}`
      return {
        attentionNorm: rmsNorm(`${at}.input_layernorm`),
        ...(types[index] === 'linear_attention' ? deltaNet(config, `${at}.linear_attn`, dModel) : fullAttention(at)),
        postAttentionNorm: null,
        mlpNorm: rmsNorm(`${at}.post_attention_layernorm`),
        mlp: mlp(config, `${at}.mlp`, dModel),
        postMlpNorm: null,
      }
    },
    finalNorm: rmsNorm('norm'),
    unembedding: tied ? 'embed_tokens.weight' : 'lm_head.weight',
    finalSoftcap: null,
    prefixes: ['model.language_model.', 'model.', 'language_model.', ''],
    // the part that predicts several tokens at once; a tied head saved a second time
    ignoredTensors: [/^mtp\./, ...(tied ? [/^lm_head\.weight$/] : [])],
  }
}

/** Qwen 3.5 with a vision tower: the text model inside; images are not part of it. */
export function qwen35Spec(config: ModelConfig): ModelSpec {
  // whether the head is tied, the whole model's word counts
  const tied = config.declares('tie_word_embeddings')
    ? { tie_word_embeddings: config.boolean('tie_word_embeddings', false) }
    : {}
  const spec = readTextSpec(config, qwen35TextSpec, tied)
  return { ...spec, family: config.modelType, ignoredTensors: [...spec.ignoredTensors, /^(model\.)?visual\./] }
}

function hasExperts(config: ModelConfig): boolean {
  return config.modelType.startsWith('qwen3_5_moe')
}

function mlp(config: ModelConfig, at: string, dModel: number): Mlp | Experts {
  if (!hasExperts(config)) {
    const dMlp = positiveInteger(config, 'intermediate_size')
    return llamaMlp(at, { dModel, dMlp, bias: false, activation: 'silu' })
  }
  const dShared = positiveInteger(config, 'shared_expert_intermediate_size', 512)
  return {
    ...qwenExperts(config, at, { count: 256, chosen: 8, dExpert: 512 }),
    weights: 'all_renormalized',
    shared: {
      mlp: llamaMlp(`${at}.shared_expert`, { dModel, dMlp: dShared, bias: false, activation: 'silu' }),
      gate: linear(`${at}.shared_expert_gate`, dModel, 1, false),
    },
  }
}

function deltaNet(
  config: ModelConfig,
  at: string,
  dModel: number,
): Pick<LayerSpec, 'attentionOutput'> & { readonly attention: DeltaNet } {
  const nKeyHeads = positiveInteger(config, 'linear_num_key_heads', 16)
  const nValueHeads = positiveInteger(config, 'linear_num_value_heads', 32)
  if (nValueHeads % nKeyHeads !== 0)
    throw new InputError(
      `${config.file}: linear_num_value_heads ${nValueHeads} is not a multiple of linear_num_key_heads ${nKeyHeads}`,
    )
  const dKey = positiveInteger(config, 'linear_key_head_dim', 128)
  const dValue = positiveInteger(config, 'linear_value_head_dim', 128)
  const valueWidth = nValueHeads * dValue
  return {
    attention: {
      kind: 'delta_net',
      nKeyHeads,
      nValueHeads,
      dKey,
      dValue,
      qkv: linear(`${at}.in_proj_qkv`, dModel, 2 * nKeyHeads * dKey + valueWidth, false),
      kernel: positiveInteger(config, 'linear_conv_kernel_dim', 4),
      convolution: `${at}.conv1d.weight`,
      gate: linear(`${at}.in_proj_z`, dModel, valueWidth, false),
      beta: linear(`${at}.in_proj_b`, dModel, nValueHeads, false),
      decay: {
        linear: linear(`${at}.in_proj_a`, dModel, nValueHeads, false),
        log: `${at}.A_log`,
        bias: `${at}.dt_bias`,
      },
      norm: rmsNorm(`${at}.norm`),
    },
    attentionOutput: linear(`${at}.out_proj`, valueWidth, dModel, false),
  }
}
