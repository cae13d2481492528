import { InputError } from '@saeval/hub'
import { count, index, shown } from '@saeval/hub/checks'
import * as v from 'valibot'
import { activation } from './activation.js'
import { decoderSpec } from './decoder-spec.js'
import { family } from './family.js'
import { headWidth, layerNorm, linear, plainAttention } from './llama-layer.js'
import { epsilon, type FieldsOf, flag, layerCount, type ModelConfig, size } from './read-config.js'

const fields = {
  hidden_size: size,
  num_heads: size,
  num_layers: layerCount,
  intermediate_size: v.nullish(size),
  window_size: v.nullish(count, 256),
  attention_types: v.optional(v.unknown()),
  vocab_size: size,
  max_position_embeddings: size,
  tie_word_embeddings: flag(true),
  activation_function: activation('gelu_new'),
  layer_norm_epsilon: v.nullish(epsilon, 1e-5),
}

/** GPT-Neo (TinyStories): learned positions, unscaled attention, layers that attend to everything or to a window. */
export const gptNeo = family(fields, (f, config) => {
  const { hidden_size: dModel, num_heads: nHeads } = f
  const dHead = headWidth(config, { hidden_size: dModel, num_heads: nHeads })
  const dMlp = f.intermediate_size ?? 4 * dModel
  const kinds = attentionKinds(config, f)
  return decoderSpec(config, {
    nLayers: f.num_layers,
    dModel,
    vocabSize: f.vocab_size,
    maxPositions: f.max_position_embeddings,
    maxPositionsIsHard: true,
    norm: { kind: 'layer_norm', epsilon: f.layer_norm_epsilon, unitOffset: false },
    embedding: { weight: 'wte.weight', scale: null, positions: 'wpe.weight' },
    layer: (index) => {
      const at = `h.${index}`
      const projection = (name: string) => linear(`${at}.attn.attention.${name}_proj`, dModel, dModel, false)
      return {
        attentionNorm: layerNorm(`${at}.ln_1`),
        attention: {
          ...plainAttention,
          ...{ nHeads, nKvHeads: nHeads, dHead },
          qkv: { q: projection('q'), k: projection('k'), v: projection('v') },
          scale: 1,
          window: kinds[index] === 'local' ? f.window_size : null,
        },
        attentionOutput: linear(`${at}.attn.attention.out_proj`, dModel, dModel, true),
        mlpNorm: layerNorm(`${at}.ln_2`),
        mlp: {
          kind: 'dense',
          up: linear(`${at}.mlp.c_fc`, dModel, dMlp, true),
          gate: null,
          down: linear(`${at}.mlp.c_proj`, dMlp, dModel, true),
          activation: f.activation_function,
        },
      }
    },
    finalNorm: layerNorm('ln_f'),
    tied: f.tie_word_embeddings,
    prefixes: ['transformer.', ''],
    // causal-mask buffers of older checkpoints
    ignoredTensors: [/^h\.\d+\.attn\.attention\.(bias|masked_bias)$/],
  })
})

const attentionTypes = v.array(v.tuple([v.pipe(v.array(v.picklist(['global', 'local'])), v.minLength(1)), index]))

/** attention_types: [[kinds, times], ...], written out one kind a layer. */
function attentionKinds({ file }: ModelConfig, f: FieldsOf<typeof fields>): readonly string[] {
  const { num_layers: nLayers, attention_types: written } = f
  const types = v.safeParse(attentionTypes, written ?? [[['global', 'local'], nLayers / 2]])
  const parts = types.success ? types.output : []
  const length = parts.reduce((sum, [names, times]) => sum + names.length * times, 0)
  if (length === nLayers) return parts.flatMap(([names, times]) => Array.from({ length: times }, () => names).flat())
  throw new InputError(
    `${file}: attention_types is ${shown(written)}, expected lists of global and local for ${nLayers} layers`,
  )
}
