import { InputError } from '@saeval/hub'
import { checked } from '@saeval/hub/checks'
import * as v from 'valibot'
import { layerTypes } from './layer-types.js'
import { rmsNorm } from './llama-layer.js'
import type { LayerSpec, ModelSpec } from './model-spec.js'
import { epsilon, type FieldsOf, flag, layerCount, type ModelConfig, size } from './read-config.js'
import { ropeFields, ropePositions, rotaryFields } from './rope.js'

/** What Llama and its relatives call by the same names. */
export const decoderFields = {
  ...ropeFields,
  ...rotaryFields,
  num_hidden_layers: layerCount,
  hidden_size: size,
  num_attention_heads: size,
  num_key_value_heads: v.nullish(size),
  head_dim: v.nullish(size),
  vocab_size: size,
  max_position_embeddings: size,
  rms_norm_eps: v.nullish(epsilon, 1e-6),
  tie_word_embeddings: flag(false),
  layer_types: layerTypes,
}

/** The part of a specification that decoderFields say. Throws InputError where heads would not share keys and values evenly. */
export function decoderSizes({ file }: ModelConfig, f: FieldsOf<typeof decoderFields>) {
  const { hidden_size: dModel, num_attention_heads: nHeads } = f
  const nKvHeads = f.num_key_value_heads ?? nHeads
  if (nHeads % nKvHeads !== 0)
    throw new InputError(`${file}: num_attention_heads ${nHeads} is not a multiple of num_key_value_heads ${nKvHeads}`)
  return {
    nLayers: f.num_hidden_layers,
    dModel,
    nHeads,
    nKvHeads,
    dHead: checked(file, size, f.head_dim ?? Math.floor(dModel / nHeads), 'head_dim'),
    vocabSize: f.vocab_size,
    ...ropePositions(f),
    norm: { kind: 'rms_norm', epsilon: f.rms_norm_eps, unitOffset: false },
    tied: f.tie_word_embeddings,
  } as const
}

/** What families leave out where they are as Llama is. */
type Defaults = Omit<ModelSpec, 'nLayers' | 'dModel' | 'vocabSize' | 'maxPositions' | 'norm' | 'layer'>

/** What a family says of itself. */
interface Overrides
  extends Omit<ModelSpec, keyof Defaults | 'layer'>,
    Partial<Omit<Defaults, 'unembedding' | 'ignoredTensors'>> {
  /** A layer whose tensors begin with `at`; its norms are Llama's where it does not name them. */
  layer(index: number, at: string): Pick<LayerSpec, 'attention' | 'attentionOutput' | 'mlp'> & Partial<LayerSpec>
  /** Whether the embedding is the unembedding too; else `head` is. */
  readonly tied: boolean
  readonly head?: string
  /** Beside a tied head that was saved a second time. */
  readonly ignoredTensors?: readonly RegExp[]
}

/** The specification of a decoder: Llama's, and above it what a family has otherwise. */
export function decoderSpec(
  config: ModelConfig,
  { tied, head = 'lm_head.weight', ignoredTensors = [], layer, ...own }: Overrides,
): ModelSpec {
  const spec = {
    family: config.modelType,
    maxPositionsIsHard: false,
    embedding: { weight: 'embed_tokens.weight', scale: null, positions: null },
    layerInputs: null,
    parallelResidual: false,
    rowsAreTexts: false,
    finalNorm: rmsNorm('norm'),
    finalSoftcap: null,
    prefixes: ['model.', ''],
    ...own,
  }
  return {
    ...spec,
    layer: (index) => {
      const at = `layers.${index}`
      return {
        attentionNorm: rmsNorm(`${at}.input_layernorm`),
        postAttentionNorm: null,
        mlpNorm: rmsNorm(`${at}.post_attention_layernorm`),
        expertsBeside: null,
        postMlpNorm: null,
        input: null,
        outputFactor: null,
        ...layer(index, at),
      }
    },
    unembedding: tied ? spec.embedding.weight : head,
    ignoredTensors: [...ignoredTensors, ...(tied ? [new RegExp(`^${head.replaceAll('.', '\\.')}$`)] : [])],
  }
}
