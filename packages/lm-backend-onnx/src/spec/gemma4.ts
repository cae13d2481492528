import { InputError } from '@saeval/hub'
import { checked, count, index, object, objectOf, oneOf, shown } from '@saeval/hub/checks'
import * as v from 'valibot'
import { activation } from './activation.js'
import { decoderFields, decoderSizes, decoderSpec } from './decoder-spec.js'
import { family, withTowers } from './family.js'
import { readLayerTypes } from './layer-types.js'
import { linear, llamaAttention, llamaMlp, rmsNorm } from './llama-layer.js'
import type { Attention, Experts, ExpertsBeside, Heads, LayerInput, LayerInputs } from './model-spec.js'
import { expertsPerToken, plainExperts } from './qwen-experts.js'
import { type FieldsOf, factor, flag, type ModelConfig, only, size } from './read-config.js'
import { twoRopes } from './rope.js'

const fields = {
  ...decoderFields,
  num_attention_heads: v.nullish(size, 8),
  num_key_value_heads: v.nullish(size, 4),
  intermediate_size: v.nullish(size, 9216),
  head_dim: v.nullish(size, 256),
  vocab_size: v.nullish(size, 262_144),
  max_position_embeddings: v.nullish(size, 131_072),
  attention_bias: flag(false),
  tie_word_embeddings: flag(true),
  hidden_activation: activation('gelu_pytorch_tanh'),
  sliding_window: v.nullish(count, 512),
  final_logit_softcapping: v.nullish(factor, null),
  // of "vision", texts have nothing
  use_bidirectional_attention: only('vision'),
  // heads of full layers: of the files on the hub, and as transformers 5 writes them
  global_head_dim: v.nullish(size, 512),
  num_global_key_value_heads: v.nullish(size, null),
  per_layer_config: v.nullish(object),
  attention_k_eq_v: flag(false),
  num_kv_shared_layers: v.nullish(index, 0),
  use_double_wide_mlp: flag(false),
  hidden_size_per_layer_input: v.nullish(v.pipe(index, v.maxValue(2 ** 24, 'at most 16777216')), 256),
  vocab_size_per_layer_input: v.nullish(size, 262_144),
  enable_moe_block: flag(false),
  num_experts: v.nullish(count, null),
  top_k_experts: v.nullish(count, null),
  moe_intermediate_size: v.nullish(size, null),
}
type Fields = FieldsOf<typeof fields>

const defaultRopes = {
  sliding_attention: { rope_type: 'default', rope_theta: 10_000 },
  full_attention: { rope_type: 'proportional', partial_rotary_factor: 0.25, rope_theta: 1_000_000 },
}

/**
 * Gemma 4's text model: heads of two widths, values normed, keys that may serve as values, layers that attend to keys and values of earlier ones, small
 * embeddings of each layer, experts beside the MLP.
 */
export const gemma4Text = family(fields, (f, config) => gemma4Spec(f, config))

/** The same without embeddings of each layer and experts, which its class has not (gemma-4-12B). */
export const gemma4UnifiedText = family(
  {
    ...fields,
    max_position_embeddings: v.nullish(size, 262_144),
    sliding_window: v.nullish(count, 1024),
    hidden_size_per_layer_input: v.nullish(oneOf([0], '0'), 0),
    enable_moe_block: v.nullish(oneOf([false], 'false'), false),
  },
  (f, config) => gemma4Spec(f, config),
)

const place = {
  tied: true,
  prefixes: ['model.language_model.', 'language_model.model.'],
  towers: /^(model\.)?(vision_tower|audio_tower|vision_embedder|embed_vision|embed_audio)\./,
}

/** Gemma 4 with towers for pictures and sounds, of which texts need none. */
export const gemma4 = withTowers(gemma4Text, place)

/** The same of its class without towers. */
export const gemma4Unified = withTowers(gemma4UnifiedText, place)

function gemma4Spec(f: Fields, config: ModelConfig) {
  const sizes = decoderSizes(config, f)
  const { dModel, nLayers } = sizes
  const allowed = ['sliding_attention', 'full_attention'] as const
  const types = readLayerTypes(config, f.layer_types, nLayers, allowed, (layer) =>
    (layer + 1) % 6 === 0 ? 'full_attention' : 'sliding_attention',
  )
  // whatever the file says, as in transformers
  types[nLayers - 1] = 'full_attention'
  const ropes = twoRopes(
    config,
    { ...f, rope_parameters: f.rope_parameters ?? defaultRopes },
    { theta: 1_000_000, local: 10_000 },
  )
  const heads = headsOf(config, f, types)
  const firstSharing = nLayers - f.num_kv_shared_layers
  const bias = f.attention_bias
  const inputWidth = f.hidden_size_per_layer_input
  const attentionOf = (index: number, at: string) => {
    const slides = types[index] === 'sliding_attention'
    const { attention, attentionOutput } = llamaAttention(at, {
      ...{ dModel, ...heads(index), qkvBias: bias, outputBias: bias },
      queryKeyNorm: 'head',
      rope: slides ? ropes.sliding : ropes.full,
      scale: 1,
      window: slides ? f.sliding_window : null,
    })
    const keysOf = index < firstSharing ? null : lastOfKind(config, f, types, firstSharing, index)
    return {
      attention: { ...attention, ...keysAndValues(attention, keysOf, f.attention_k_eq_v && !slides) },
      attentionOutput,
    }
  }
  const experts = f.enable_moe_block ? readExperts(config, f) : null
  return decoderSpec(config, {
    ...sizes,
    embedding: { weight: 'embed_tokens.weight', scale: Math.sqrt(dModel), positions: null },
    layerInputs: inputWidth === 0 ? null : layerInputs(f, inputWidth),
    layer: (index, at) => ({
      ...attentionOf(index, at),
      postAttentionNorm: rmsNorm(`${at}.post_attention_layernorm`),
      mlpNorm: rmsNorm(`${at}.pre_feedforward_layernorm`),
      mlp: llamaMlp(`${at}.mlp`, {
        dModel,
        dMlp: f.intermediate_size * (f.use_double_wide_mlp && index >= firstSharing ? 2 : 1),
        bias: false,
        activation: f.hidden_activation,
      }),
      expertsBeside: experts === null ? null : experts(at),
      postMlpNorm: rmsNorm(`${at}.post_feedforward_layernorm`),
      input: inputWidth === 0 ? null : layerInput(f, at, inputWidth),
      outputFactor: `${at}.layer_scalar`,
    }),
    finalSoftcap: f.final_logit_softcapping,
    prefixes: [...place.prefixes, 'model.', ''],
    // keys and values of layers that do not use them
    ignoredTensors: types.flatMap((_, index) =>
      index < firstSharing ? [] : [new RegExp(`^layers\\.${index}\\.self_attn\\.(k_proj|v_proj|k_norm|v_norm)\\.`)],
    ),
  })
}

const layerFields = ['head_dim', 'num_key_value_heads'] as const
const layerSizes = objectOf({ head_dim: v.nullish(size), num_key_value_heads: v.nullish(size) })

/**
 * Heads of each layer. Throws InputError for layers that differ in something else, for layers of one type that differ at all (transformers has one
 * rotary embedding for a type, and keys are shared within it), and where heads would not share keys evenly.
 */
function headsOf({ file }: ModelConfig, f: Fields, types: readonly string[]): (layer: number) => Heads {
  const given = new Map<number, v.InferOutput<typeof layerSizes>>()
  for (const [key, values] of Object.entries(f.per_layer_config ?? {})) {
    const field = `per_layer_config.${key}`
    const layer = Number(key)
    if (!Number.isInteger(layer) || layer < 0 || layer >= types.length)
      throw new InputError(`${file}: ${field} is no layer of the model, which has ${types.length}`)
    const other = Object.keys(Object(values)).find(
      (name) => !layerFields.includes(name as (typeof layerFields)[number]),
    )
    if (other !== undefined)
      throw new InputError(
        `${file}: ${field} has ${shown(other)}, but layers may differ in ${layerFields.join(' and ')} alone`,
      )
    given.set(layer, checked(file, layerSizes, values, field))
  }
  const ofFull = {
    head_dim: f.global_head_dim,
    num_key_value_heads: f.attention_k_eq_v ? f.num_global_key_value_heads : null,
  }
  const headsAt = (layer: number): Heads => {
    const own = f.per_layer_config ? given.get(layer) : types[layer] === 'full_attention' ? ofFull : undefined
    const nHeads = f.num_attention_heads
    const nKvHeads = own?.num_key_value_heads ?? f.num_key_value_heads
    if (nHeads % nKvHeads !== 0)
      throw new InputError(
        `${file}: num_attention_heads ${nHeads} is not a multiple of the ${nKvHeads} key value heads of layer ${layer}`,
      )
    return { nHeads, nKvHeads, dHead: own?.head_dim ?? f.head_dim }
  }
  for (const [layer, type] of types.entries()) {
    const first = types.indexOf(type)
    const [heads, others] = [headsAt(layer), headsAt(first)]
    const what = heads.dHead === others.dHead ? 'num_key_value_heads' : 'head_dim'
    if (heads.dHead !== others.dHead || heads.nKvHeads !== others.nKvHeads)
      throw new InputError(
        `${file}: per_layer_config gives layers ${first} and ${layer}, both of ${type}, another ${what} each, but layers of one type must be alike`,
      )
  }
  return headsAt
}

/** The layer whose keys and values a layer attends to: the last one of its kind that has its own. */
function lastOfKind(
  { file }: ModelConfig,
  f: Fields,
  types: readonly string[],
  firstSharing: number,
  layer: number,
): number {
  const source = types.slice(0, Math.max(0, firstSharing)).lastIndexOf(types[layer]!)
  if (source >= 0) return source
  throw new InputError(
    `${file}: num_kv_shared_layers is ${f.num_kv_shared_layers}, but no layer before has ${types[layer]} with keys and values of its own`,
  )
}

/** What Gemma 4 changes in an attention: values normed, which may be the keys, or both from another layer. */
function keysAndValues(
  { qkv, queryKeyNorm }: Attention,
  keysOf: number | null,
  keysAreValues: boolean,
): Partial<Attention> {
  if ('fused' in qkv || 'keysOf' in qkv) throw new Error('three matrices were made')
  if (keysOf !== null) return { qkv: { q: qkv.q, keysOf }, queryKeyNorm: { ...queryKeyNorm!, k: null } }
  return { qkv: keysAreValues ? { ...qkv, v: null } : qkv, valueNorm: true }
}

function layerInputs(f: Fields, width: number): LayerInputs {
  return {
    width,
    table: 'embed_tokens_per_layer.weight',
    rows: f.vocab_size_per_layer_input,
    tableFactor: Math.sqrt(width),
    projection: linear('per_layer_model_projection', f.hidden_size, f.num_hidden_layers * width, false),
    projectionFactor: f.hidden_size ** -0.5,
    norm: rmsNorm('per_layer_projection_norm'),
    factor: Math.SQRT1_2,
  }
}

function layerInput(f: Fields, at: string, width: number): LayerInput {
  return {
    gate: linear(`${at}.per_layer_input_gate`, f.hidden_size, width, false),
    activation: f.hidden_activation,
    projection: linear(`${at}.per_layer_projection`, width, f.hidden_size, false),
    postNorm: rmsNorm(`${at}.post_per_layer_input_norm`),
  }
}

/** The experts beside each layer's MLP. Throws InputError for sizes that are missing. */
function readExperts(config: ModelConfig, f: Fields): (at: string) => ExpertsBeside {
  const needed = (field: 'num_experts' | 'top_k_experts' | 'moe_intermediate_size'): number => {
    const value = f[field]
    if (value !== null) return value
    throw new InputError(`${config.file}: ${field} is missing, which enable_moe_block asks for`)
  }
  const count = needed('num_experts')
  const chosen = expertsPerToken(config, count, needed('top_k_experts'), 'top_k_experts')
  const dExpert = needed('moe_intermediate_size')
  const expertsOf = (at: string): Experts => ({
    ...plainExperts,
    router: linear(`${at}.router.proj`, f.hidden_size, count, false),
    count,
    chosen,
    weights: 'all_renormalized',
    weightFactors: `${at}.router.per_expert_scale`,
    dExpert,
    activation: f.hidden_activation,
    layouts: [{ kind: 'stacked', gateUp: `${at}.experts.gate_up_proj`, down: `${at}.experts.down_proj` }],
  })
  return (at) => ({
    norm: rmsNorm(`${at}.pre_feedforward_layernorm_2`),
    experts: expertsOf(at),
    routerGain: `${at}.router.scale`,
    routerFactor: f.hidden_size ** -0.5,
    postNorm: rmsNorm(`${at}.post_feedforward_layernorm_2`),
    postMlpNorm: rmsNorm(`${at}.post_feedforward_layernorm_1`),
  })
}
