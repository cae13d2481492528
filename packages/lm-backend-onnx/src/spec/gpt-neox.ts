import { InputError } from '@saeval/hub'
import { readActivation } from './activation.js'
import { layerNorm, linear, plainAttention } from './llama-layer.js'
import type { ModelSpec } from './model-spec.js'
import { type ModelConfig, positiveInteger } from './read-config.js'
import { hasDynamicRope, readRope } from './rope.js'

/** GPT-NeoX (Pythia): attention and MLP side by side, part of each head rotated, q, k and v of each head together in one matrix. */
export function gptNeoxSpec(config: ModelConfig): ModelSpec {
  const dModel = positiveInteger(config, 'hidden_size')
  const nHeads = positiveInteger(config, 'num_attention_heads')
  if (dModel % nHeads !== 0)
    throw new InputError(`${config.file}: hidden_size ${dModel} is not a multiple of num_attention_heads ${nHeads}`)
  const dHead = dModel / nHeads
  const dMlp = positiveInteger(config, 'intermediate_size')
  const bias = config.boolean('attention_bias', true)
  const tied = config.boolean('tie_word_embeddings', false)
  const activation = readActivation(config, 'hidden_act', 'gelu')
  const rope = readRope(config, { thetaField: 'rotary_emb_base', fractionField: 'rotary_pct', fraction: 0.25 })
  return {
    family: 'gpt_neox',
    nLayers: positiveInteger(config, 'num_hidden_layers'),
    dModel,
    nHeads,
    nKvHeads: nHeads,
    dHead,
    vocabSize: positiveInteger(config, 'vocab_size'),
    maxPositions: positiveInteger(config, 'max_position_embeddings'),
    maxPositionsIsHard: hasDynamicRope(config),
    norm: { kind: 'layer_norm', epsilon: config.number('layer_norm_eps', 1e-5), unitOffset: false },
    embedding: { weight: 'embed_in.weight', scale: null, positions: null },
    parallelResidual: config.boolean('use_parallel_residual', true),
    recurrent: false,
    layer: (index) => {
      const at = `layers.${index}`
      return {
        attentionNorm: layerNorm(`${at}.input_layernorm`),
        attention: {
          ...plainAttention,
          qkv: { fused: linear(`${at}.attention.query_key_value`, dModel, 3 * dModel, bias), order: 'by_head' },
          rope,
          scale: dHead ** -0.5,
        },
        attentionOutput: linear(`${at}.attention.dense`, dModel, dModel, bias),
        postAttentionNorm: null,
        mlpNorm: layerNorm(`${at}.post_attention_layernorm`),
        mlp: {
          kind: 'dense',
          up: linear(`${at}.mlp.dense_h_to_4h`, dModel, dMlp, true),
          gate: null,
          down: linear(`${at}.mlp.dense_4h_to_h`, dMlp, dModel, true),
          activation,
        },
        postMlpNorm: null,
      }
    },
    finalNorm: layerNorm('final_layer_norm'),
    unembedding: tied ? 'embed_in.weight' : 'embed_out.weight',
    finalSoftcap: null,
    prefixes: ['gpt_neox.', ''],
    // buffers of older checkpoints; a tied head saved a second time
    ignoredTensors: [
      /^layers\.\d+\.attention\.(bias|masked_bias|rotary_emb\.inv_freq)$/,
      ...(tied ? [/^embed_out\.weight$/] : []),
    ],
  }
}
