import { InputError } from '@saeval/hub'
import { checked, number, object, objectOf, oneOf } from '@saeval/hub/checks'
import * as v from 'valibot'
import { absent, type FieldsOf, factor, type ModelConfig, share } from './read-config.js'

/** Llama 3.1's scaling: low frequencies are divided by a factor, those in between blended. */
export interface Llama3Scaling {
  readonly kind: 'llama3'
  readonly factor: number
  readonly lowFrequencyFactor: number
  readonly highFrequencyFactor: number
  readonly originalMaxPositions: number
}

/** Positions divided by a factor. */
export interface LinearScaling {
  readonly kind: 'linear'
  readonly factor: number
}

/** YaRN: frequencies that turn seldom within the original length are divided by a factor, a ramp lies between. */
export interface YarnScaling {
  readonly kind: 'yarn'
  readonly factor: number
  /** Multiplies cos and sin. */
  readonly attentionFactor: number
  readonly betaFast: number
  readonly betaSlow: number
  readonly originalMaxPositions: number
  /** Whether the ends of the ramp are rounded to whole dimensions. */
  readonly truncate: boolean
}

/**
 * LongRoPE: each pair's period is multiplied by a factor of its own. Those of texts up to the original length; longer ones turn otherwise, so a model
 * ends there.
 */
export interface LongScaling {
  readonly kind: 'longrope'
  /** [pairs] */
  readonly factors: readonly number[]
  /** Multiplies cos and sin. */
  readonly attentionFactor: number
}

/** Gemma 4's: a head's pairs lie as if all of them turned, and those after a share of them stand still. */
export interface ProportionalScaling {
  readonly kind: 'proportional'
  readonly share: number
  readonly factor: number
}

/** Rotary embedding. */
export interface Rope {
  /** What turns together: number i of the first half and of the second, or neighbours (llama 4). */
  readonly pairs: 'halves' | 'neighbours'
  readonly theta: number
  /** Share of each head that turns, from its start; what is left passes unchanged. */
  readonly fraction: number
  readonly scaling: Llama3Scaling | LinearScaling | YarnScaling | LongScaling | ProportionalScaling | null
}

/** Fields of every configuration with rotary positions. */
export const ropeFields = {
  rope_scaling: v.nullish(object),
  rope_parameters: v.nullish(object),
  original_max_position_embeddings: v.nullish(factor),
}

/** Fields of theta and of the share of each head that turns, where they are not called otherwise. */
export const rotaryFields = { rope_theta: v.nullish(factor), partial_rotary_factor: v.nullish(share) }

type RopeFields = FieldsOf<typeof ropeFields & typeof rotaryFields> & { readonly max_position_embeddings: number }

interface RopeDefaults {
  readonly theta?: number
  /** Share of a head that turns where the configuration does not say; without it all turns, and nothing else is understood. */
  readonly fraction?: number
  /** See Rope; "halves" by default. */
  readonly pairs?: Rope['pairs']
  /** Stands for rope_scaling where the configuration has none. */
  readonly scaling?: Values
}

type Values = Readonly<Record<string, unknown>>

const kinds = ['default', 'linear', 'dynamic', 'yarn', 'llama3', 'longrope', 'proportional'] as const
const maybe = v.nullish(factor, null)

const parameters = objectOf({
  rope_type: v.nullish(oneOf(kinds, kinds.map((kind) => JSON.stringify(kind)).join(' or ')), 'default'),
  rope_theta: maybe,
  partial_rotary_factor: v.nullish(share, null),
})
const layerParameters = objectOf({ full_attention: object, sliding_attention: object })
const linear = objectOf({ factor })
const proportional = objectOf({ factor: v.nullish(factor, 1) })
const llama3 = objectOf({
  factor,
  low_freq_factor: factor,
  high_freq_factor: factor,
  original_max_position_embeddings: maybe,
})
const yarn = objectOf({
  factor: maybe,
  attention_factor: maybe,
  mscale: v.nullish(number, null),
  mscale_all_dim: v.nullish(number, null),
  beta_fast: v.nullish(number, null),
  beta_slow: v.nullish(number, null),
  original_max_position_embeddings: maybe,
  truncate: v.optional(v.unknown()),
})
const factors = v.array(factor, 'a list of numbers')
const longrope = objectOf({
  factor: maybe,
  attention_factor: maybe,
  short_factor: factors,
  long_factor: factors,
  original_max_position_embeddings: maybe,
})

/**
 * rope_theta and rope_scaling, or rope_parameters of transformers 5. Throws InputError for kinds that cannot be computed. "dynamic" is
 * the plain embedding up to max_position_embeddings; beyond it the frequencies would depend on the text's length.
 */
export function readRope(config: ModelConfig, fields: RopeFields, defaults: RopeDefaults = {}): Rope {
  const field = Object.keys(fields.rope_scaling ?? {}).length > 0 ? 'rope_scaling' : 'rope_parameters'
  return ropeOf(config, field, fields[field] ?? defaults.scaling ?? {}, fields, defaults)
}

/**
 * Which layers have rotary positions: those with 1 of no_rope_layers, by default all but every one in an interval. Throws InputError where the list is
 * too short.
 */
export function rotaryLayers(
  { file }: ModelConfig,
  listed: readonly unknown[] | null | undefined,
  interval: number,
  nLayers: number,
): readonly boolean[] {
  if (listed == null) return Array.from({ length: nLayers }, (_, layer) => (layer + 1) % interval !== 0)
  if (listed.length >= nLayers) return listed.map((value) => value === 1)
  throw new InputError(`${file}: no_rope_layers has ${listed.length} entries for ${nLayers} layers`)
}

/**
 * How many positions there are, and whether they end there: frequencies that change with a text's length are those of texts up to
 * max_position_embeddings (dynamic) or the original length (longrope), since a graph built for any length cannot follow.
 */
export function ropePositions(fields: RopeFields): {
  readonly maxPositions: number
  readonly maxPositionsIsHard: boolean
} {
  const { max_position_embeddings: most, original_max_position_embeddings: original } = fields
  const flat = [fields.rope_scaling ?? {}, fields.rope_parameters ?? {}]
  const limits = [...flat, ...flat.flatMap((values) => Object.values(values))].flatMap((values) => {
    const { rope_type, type, original_max_position_embeddings: own } = Object(values) as Values
    const kind = rope_type ?? type
    if (kind === 'dynamic') return [most]
    return kind === 'longrope' ? [original ?? (typeof own === 'number' ? own : most)] : []
  })
  return { maxPositions: Math.min(most, ...limits), maxPositionsIsHard: limits.length > 0 }
}

/** Gemma 3's and OLMo 3's two: the scaled one of full layers, the plain one of sliding layers, whose theta is `local`. */
export function twoRopes(
  config: ModelConfig,
  fields: RopeFields,
  { theta, local }: { readonly theta: number; readonly local: number },
): Record<'full' | 'sliding', Rope> {
  const slidingFields = { ...fields, rope_theta: local }
  const { rope_parameters: both, rope_scaling: old } = fields
  if (!both || !('full_attention' in both || 'sliding_attention' in both))
    return {
      full: readRope(config, fields, { theta }),
      sliding: ropeOf(config, 'rope_parameters', {}, slidingFields, {}),
    }
  checked(config.file, absent, old, 'rope_scaling')
  const found = checked(config.file, layerParameters, both, 'rope_parameters')
  const of = (kind: keyof typeof found, outside: RopeFields, defaults: RopeDefaults) =>
    ropeOf(config, `rope_parameters.${kind}`, found[kind], outside, defaults)
  return {
    full: of('full_attention', fields, { theta }),
    sliding: of('sliding_attention', slidingFields, {}),
  }
}

function ropeOf(
  { file, modelType }: ModelConfig,
  field: string,
  values: Values,
  outside: RopeFields,
  { theta = 10_000, fraction, pairs = 'halves' }: RopeDefaults,
): Rope {
  const read = <Schema extends v.GenericSchema>(schema: Schema): v.InferOutput<Schema> =>
    checked(file, schema, values, field)
  const original = (inside: number | null) =>
    outside.original_max_position_embeddings ?? inside ?? outside.max_position_embeddings

  const type = values.rope_type ?? values.type
  const plain = checked(file, parameters, { ...values, rope_type: type }, field)
  const share = plain.partial_rotary_factor ?? outside.partial_rotary_factor ?? fraction ?? 1
  const isProportional = plain.rope_type === 'proportional'
  if (share !== 1 && fraction === undefined && !isProportional)
    throw new InputError(`${file}: partial_rotary_factor is ${share}, expected 1 in a ${modelType} model`)
  const rope = {
    pairs,
    theta: plain.rope_theta ?? outside.rope_theta ?? theta,
    fraction: isProportional ? 1 : share,
  }
  switch (plain.rope_type) {
    case 'default':
    case 'dynamic':
      return { ...rope, scaling: null }
    case 'linear':
      return { ...rope, scaling: { kind: 'linear', factor: read(linear).factor } }
    case 'proportional':
      return { ...rope, scaling: { kind: 'proportional', share, factor: read(proportional).factor } }
    case 'llama3': {
      const scaling = read(llama3)
      return {
        ...rope,
        scaling: {
          kind: 'llama3',
          factor: scaling.factor,
          lowFrequencyFactor: scaling.low_freq_factor,
          highFrequencyFactor: scaling.high_freq_factor,
          originalMaxPositions: original(scaling.original_max_position_embeddings),
        },
      }
    }
    case 'yarn': {
      const scaling = read(yarn)
      const originalMaxPositions = original(scaling.original_max_position_embeddings)
      const factor = scaling.factor ?? outside.max_position_embeddings / originalMaxPositions
      return {
        ...rope,
        scaling: {
          kind: 'yarn',
          factor,
          attentionFactor:
            scaling.attention_factor ?? yarnAttentionFactor(factor, scaling.mscale, scaling.mscale_all_dim),
          betaFast: scaling.beta_fast || 32,
          betaSlow: scaling.beta_slow || 1,
          originalMaxPositions,
          truncate: (scaling.truncate ?? true) === true,
        },
      }
    }
    case 'longrope': {
      const scaling = read(longrope)
      const originalMaxPositions = original(scaling.original_max_position_embeddings)
      const factor = scaling.factor ?? outside.max_position_embeddings / originalMaxPositions
      const attentionFactor = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(originalMaxPositions))
      return {
        ...rope,
        scaling: {
          kind: 'longrope',
          factors: scaling.short_factor,
          attentionFactor: scaling.attention_factor ?? attentionFactor,
        },
      }
    }
  }
}

/** YaRN's section 3.4, with DeepSeek's two scales where both are given. */
function yarnAttentionFactor(factor: number, scale: number | null, scaleAllDimensions: number | null): number {
  const of = (mscale: number) => (factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1)
  return scale && scaleAllDimensions ? of(scale) / of(scaleAllDimensions) : of(1)
}
