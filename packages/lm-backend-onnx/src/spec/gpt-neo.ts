import { InputError } from '@saeval/hub'
import { readActivation } from './activation.js'
import { layerNorm, linear, plainAttention } from './llama-layer.js'
import type { ModelSpec } from './model-spec.js'
import { type ModelConfig, positiveInteger } from './read-config.js'

/** GPT-Neo (TinyStories): learned positions, unscaled attention, layers that attend to everything or to a window. */
export function gptNeoSpec(config: ModelConfig): ModelSpec {
  const dModel = positiveInteger(config, 'hidden_size')
  const nHeads = positiveInteger(config, 'num_heads')
  if (dModel % nHeads !== 0)
    throw new InputError(`${config.file}: hidden_size ${dModel} is not a multiple of num_heads ${nHeads}`)
  const nLayers = positiveInteger(config, 'num_layers')
  const dMlp = positiveInteger(config, 'intermediate_size', 4 * dModel)
  const windowSize = positiveInteger(config, 'window_size', 256)
  const kinds = attentionKinds(config, nLayers)
  const tied = config.boolean('tie_word_embeddings', true)
  const activation = readActivation(config, 'activation_function', 'gelu_new')

  return {
    family: 'gpt_neo',
    nLayers,
    dModel,
    nHeads,
    nKvHeads: nHeads,
    dHead: dModel / nHeads,
    vocabSize: positiveInteger(config, 'vocab_size'),
    maxPositions: positiveInteger(config, 'max_position_embeddings'),
    maxPositionsIsHard: true,
    norm: { kind: 'layer_norm', epsilon: config.number('layer_norm_epsilon', 1e-5), unitOffset: false },
    embedding: { weight: 'wte.weight', scale: null, positions: 'wpe.weight' },
    parallelResidual: false,
    recurrent: false,
    layer: (index) => {
      const at = `h.${index}`
      return {
        attentionNorm: layerNorm(`${at}.ln_1`),
        attention: {
          ...plainAttention,
          qkv: {
            q: linear(`${at}.attn.attention.q_proj`, dModel, dModel, false),
            k: linear(`${at}.attn.attention.k_proj`, dModel, dModel, false),
            v: linear(`${at}.attn.attention.v_proj`, dModel, dModel, false),
          },
          scale: 1,
          window: kinds[index] === 'local' ? windowSize : null,
        },
        attentionOutput: linear(`${at}.attn.attention.out_proj`, dModel, dModel, true),
        postAttentionNorm: null,
        mlpNorm: layerNorm(`${at}.ln_2`),
        mlp: {
          kind: 'dense',
          up: linear(`${at}.mlp.c_fc`, dModel, dMlp, true),
          gate: null,
          down: linear(`${at}.mlp.c_proj`, dMlp, dModel, true),
          activation,
        },
        postMlpNorm: null,
      }
    },
    finalNorm: layerNorm('ln_f'),
    unembedding: tied ? 'wte.weight' : 'lm_head.weight',
    finalSoftcap: null,
    prefixes: ['transformer.', ''],
    // causal-mask buffers of older checkpoints; a tied head saved a second time
    ignoredTensors: [/^h\.\d+\.attn\.attention\.(bias|masked_bias)$/, ...(tied ? [/^lm_head\.weight$/] : [])],
  }
}

/** attention_types: [[kinds, times], ...], written out one kind a layer. */
function attentionKinds(config: ModelConfig, nLayers: number): readonly string[] {
  const types = config.object('attention_types') ?? [[['global', 'local'], nLayers / 2]]
  const wrong = (found: unknown) =>
    new InputError(
      `${config.file}: attention_types is ${JSON.stringify(found)}, expected lists of global and local for ${nLayers} layers`,
    )
  if (!Array.isArray(types)) throw wrong(types)
  const kinds = types.flatMap((entry: unknown) => {
    const [names, times] = Array.isArray(entry) ? entry : []
    if (!Array.isArray(names) || typeof times !== 'number') throw wrong(types)
    return Array.from({ length: times }, () => names as string[]).flat()
  })
  if (kinds.length !== nLayers || kinds.some((kind) => kind !== 'global' && kind !== 'local')) throw wrong(types)
  return kinds
}
