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

/** Rotary embedding of half-split pairs. */
export interface Rope {
  readonly theta: number
  /** Share of each head that turns, from its start; what is left passes unchanged. */
  readonly fraction: number
  readonly scaling: Llama3Scaling | LinearScaling | YarnScaling | null
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
  /** Stands for rope_scaling where the configuration has none. */
  readonly scaling?: Values
}

type Values = Readonly<Record<string, unknown>>

const kinds = ['default', 'linear', 'dynamic', 'yarn', 'llama3'] as const
const maybe = v.nullish(factor, null)

const parameters = objectOf({
  rope_type: v.nullish(oneOf(kinds, '"default", "linear", "dynamic", "yarn" or "llama3"'), 'default'),
  rope_theta: maybe,
  partial_rotary_factor: v.nullish(share, null),
})
const layerParameters = objectOf({ full_attention: object, sliding_attention: object })
const linear = objectOf({ factor })
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

/**
 * rope_theta and rope_scaling, or rope_parameters of transformers 5. Throws InputError for kinds that cannot be computed. "dynamic" is
 * the plain embedding up to max_position_embeddings; beyond it the frequencies would depend on the text's length.
 */
export function readRope(config: ModelConfig, fields: RopeFields, defaults: RopeDefaults = {}): Rope {
  const field = Object.keys(fields.rope_scaling ?? {}).length > 0 ? 'rope_scaling' : 'rope_parameters'
  return ropeOf(config, field, fields[field] ?? defaults.scaling ?? {}, fields, defaults)
}

/** Whether frequencies change beyond max_position_embeddings, which a graph built for any length cannot follow. */
export function hasDynamicRope(fields: FieldsOf<typeof ropeFields>): boolean {
  return [fields.rope_scaling, fields.rope_parameters].some(
    (values) => (values?.rope_type ?? values?.type) === 'dynamic',
  )
}

/** Gemma 3's two: the scaled one of full layers, the plain one of sliding layers, whose theta is `local`. */
export function gemma3Ropes(config: ModelConfig, fields: RopeFields, local: number): Record<'full' | 'sliding', Rope> {
  const slidingFields = { ...fields, rope_theta: local }
  const { rope_parameters: both, rope_scaling: old } = fields
  if (!both || !('full_attention' in both || 'sliding_attention' in both))
    return {
      full: readRope(config, fields, { theta: 1_000_000 }),
      sliding: ropeOf(config, 'rope_parameters', {}, slidingFields, {}),
    }
  checked(config.file, absent, old, 'rope_scaling')
  const found = checked(config.file, layerParameters, both, 'rope_parameters')
  const of = (kind: keyof typeof found, outside: RopeFields, defaults: RopeDefaults) =>
    ropeOf(config, `rope_parameters.${kind}`, found[kind], outside, defaults)
  return {
    full: of('full_attention', fields, { theta: 1_000_000 }),
    sliding: of('sliding_attention', slidingFields, {}),
  }
}

function ropeOf(
  { file, modelType }: ModelConfig,
  field: string,
  values: Values,
  outside: RopeFields,
  { theta = 10_000, fraction }: RopeDefaults,
): Rope {
  const read = <Schema extends v.GenericSchema>(schema: Schema): v.InferOutput<Schema> =>
    checked(file, schema, values, field)
  const original = (inside: number | null) =>
    outside.original_max_position_embeddings ?? inside ?? outside.max_position_embeddings

  const type = values.rope_type ?? values.type
  const plain = checked(file, parameters, { ...values, rope_type: type }, field)
  const share = plain.partial_rotary_factor ?? outside.partial_rotary_factor ?? fraction ?? 1
  if (share !== 1 && fraction === undefined)
    throw new InputError(`${file}: partial_rotary_factor is ${share}, expected 1 in a ${modelType} model`)
  const rope = { theta: plain.rope_theta ?? outside.rope_theta ?? theta, fraction: share }
  switch (plain.rope_type) {
    case 'default':
    case 'dynamic':
      return { ...rope, scaling: null }
    case 'linear':
      return { ...rope, scaling: { kind: 'linear', factor: read(linear).factor } }
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
  }
}

/** YaRN's section 3.4, with DeepSeek's two scales where both are given. */
function yarnAttentionFactor(factor: number, scale: number | null, scaleAllDimensions: number | null): number {
  const of = (mscale: number) => (factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1)
  return scale && scaleAllDimensions ? of(scale) / of(scaleAllDimensions) : of(1)
}

/** The angles of a rotary embedding: each pair turns by position times its frequency; cos and sin are multiplied by `scale`. */
export interface RopeTable {
  /** [pairs] */
  readonly frequencies: Float32Array
  readonly scale: number
}

/** theta^(-2i / n) for each pair i of the n dimensions that turn, scaled; in float32 where transformers computes in it. */
export function ropeTable({ theta, fraction, scaling }: Rope, dHead: number): RopeTable {
  const turning = Math.trunc(dHead * fraction)
  const periods = Float32Array.from(
    { length: Math.ceil(turning / 2) },
    (_, i) => theta ** Math.fround((2 * i) / turning),
  )
  const plain = periods.map((period) => 1 / period)
  switch (scaling?.kind) {
    case undefined:
      return { frequencies: plain, scale: 1 }
    case 'linear':
      return { frequencies: plain.map((frequency) => frequency / scaling.factor), scale: 1 }
    case 'llama3':
      return { frequencies: plain.map((frequency) => llama3Frequency(frequency, scaling)), scale: 1 }
    case 'yarn': {
      const ramp = yarnRamp(scaling, theta, turning)
      const frequencies = plain.map((frequency, i) => {
        const scaled = Math.fround(1 / Math.fround(scaling.factor * periods[i]!))
        return Math.fround(scaled * ramp(i)) + Math.fround(frequency * Math.fround(1 - ramp(i)))
      })
      return { frequencies, scale: scaling.attentionFactor }
    }
  }
}

/**
 * Cosines and sines [length, pairs] of positions from 0 on, each multiplied by the embedding's scale. Angles are float32, as in transformers;
 * their cosines and sines are those of double precision, rounded.
 */
export function rotaryTable(rope: Rope, dHead: number, length: number): { cos: Float32Array; sin: Float32Array } {
  const { frequencies, scale } = ropeTable(rope, dHead)
  const pairs = frequencies.length
  const factor = Math.fround(scale)
  const table = (wave: (angle: number) => number) =>
    Float32Array.from({ length: length * pairs }, (_, at) => {
      const angle = Math.fround(Math.floor(at / pairs) * frequencies[at % pairs]!)
      return Math.fround(wave(angle)) * factor
    })
  return { cos: table(Math.cos), sin: table(Math.sin) }
}

/** Throws InputError for rotary positions that cannot be computed for heads of this width. */
export function checkRope({ file }: ModelConfig, rope: Rope, dHead: number): void {
  const turning = Math.trunc(dHead * rope.fraction)
  if (turning === 0 || 2 * Math.ceil(turning / 2) > dHead)
    throw new InputError(
      `${file}: rotary positions turn ${turning} of the ${dHead} numbers of a head, expected at least one whole pair`,
    )
  const { frequencies, scale } = ropeTable(rope, dHead)
  if (!Number.isFinite(Math.fround(scale)) || !frequencies.every(Number.isFinite))
    throw new InputError(`${file}: the frequencies of its rotary positions are beyond float32; download it again`)
}

/** By wavelength: short ones stay, long ones are divided by the factor, between them the two are mixed (transformers' "llama3"). */
function llama3Frequency(frequency: number, scaling: Llama3Scaling): number {
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalMaxPositions: original } = scaling
  const wavelength = (2 * Math.PI) / frequency
  if (wavelength < original / high) return frequency
  if (wavelength > original / low) return frequency / factor
  const smooth = (original / wavelength - low) / (high - low)
  return (1 - smooth) * (frequency / factor) + smooth * frequency
}

/** 0 for pairs that turn more than betaFast times within the original length, 1 below betaSlow turns (YaRN, section 3.2). */
function yarnRamp(scaling: YarnScaling, theta: number, turning: number): (pair: number) => number {
  const dimensionOf = (turns: number) =>
    (turning * Math.log(scaling.originalMaxPositions / (turns * 2 * Math.PI))) / (2 * Math.log(theta))
  const round = scaling.truncate ? { low: Math.floor, high: Math.ceil } : { low: Number, high: Number }
  const low = Math.max(round.low(dimensionOf(scaling.betaFast)), 0)
  const end = Math.min(round.high(dimensionOf(scaling.betaSlow)), turning - 1)
  const high = low === end ? end + 0.001 : end
  return (pair) => Math.min(1, Math.max(0, Math.fround(Math.fround(pair - low) / (high - low))))
}
