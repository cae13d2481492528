import { InputError } from '@saeval/hub'
import type { ModelConfig } from './read-config.js'

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

export interface RopeDefaults {
  readonly theta?: number
  /** Fields that hold theta and the fraction where they are not called rope_theta and partial_rotary_factor. */
  readonly thetaField?: string
  readonly fractionField?: string
  /** Share of a head that turns where the configuration does not say; null: all of it, and nothing else is understood. */
  readonly fraction?: number
  /** Stands for rope_scaling where the configuration has none. */
  readonly scaling?: Readonly<Record<string, unknown>>
}

/**
 * rope_theta and rope_scaling, or rope_parameters of transformers 5. Throws InputError for kinds that cannot be computed. "dynamic" is
 * the plain embedding up to max_position_embeddings; beyond it the frequencies would depend on the text's length.
 */
export function readRope(config: ModelConfig, defaults: RopeDefaults = {}): Rope {
  const scaling = config.object('rope_scaling')
  const place = scaling !== null && Object.keys(scaling).length > 0 ? 'rope_scaling' : 'rope_parameters'
  return ropeOf(config, place, config.object(place) ?? defaults.scaling ?? {}, defaults)
}

/** Whether frequencies change beyond max_position_embeddings, which a graph built for any length cannot follow. */
export function hasDynamicRope(config: ModelConfig): boolean {
  return ['rope_scaling', 'rope_parameters'].some((field) => {
    const fields = config.object(field)
    return fields !== null && (fields.rope_type ?? fields.type) === 'dynamic'
  })
}

/** Gemma 3's two: the scaled one of full layers, the plain one of sliding layers. */
export function gemma3Ropes(config: ModelConfig): { readonly full: Rope; readonly sliding: Rope } {
  const sliding = { theta: 10_000, thetaField: 'rope_local_base_freq' }
  const parameters = config.object('rope_parameters')
  if (parameters === null || !('full_attention' in parameters || 'sliding_attention' in parameters)) {
    return { full: readRope(config, { theta: 1_000_000 }), sliding: ropeOf(config, 'rope_parameters', {}, sliding) }
  }
  const of = (kind: string, defaults: RopeDefaults) => {
    const fields = parameters[kind]
    if (typeof fields === 'object' && fields !== null)
      return ropeOf(config, `rope_parameters.${kind}`, fields as Readonly<Record<string, unknown>>, defaults)
    throw new InputError(`${config.file}: rope_parameters.${kind} is missing`)
  }
  return { full: of('full_attention', { theta: 1_000_000 }), sliding: of('sliding_attention', sliding) }
}

function ropeOf(
  config: ModelConfig,
  place: string,
  fields: Readonly<Record<string, unknown>>,
  { theta, thetaField = 'rope_theta', fraction, fractionField = 'partial_rotary_factor' }: RopeDefaults,
): Rope {
  const optional = (name: string): number | null => {
    const found = fields[name] ?? null
    if (found === null || (typeof found === 'number' && Number.isFinite(found))) return found
    throw new InputError(`${config.file}: ${place}.${name} is ${JSON.stringify(found)}, expected a number`)
  }
  const number = (name: string): number => {
    const found = optional(name)
    if (found !== null) return found
    throw new InputError(`${config.file}: ${place}.${name} is missing, expected a number`)
  }
  const original = () =>
    config.numberOrNull('original_max_position_embeddings') ??
    optional('original_max_position_embeddings') ??
    config.number('max_position_embeddings')

  const outside = config.number(fractionField, fraction ?? 1)
  const share = optional('partial_rotary_factor') ?? outside
  if (share !== 1 && fraction === undefined)
    throw new InputError(`${config.file}: partial_rotary_factor is ${share}, expected 1 in a ${config.modelType} model`)
  const rope = {
    theta: optional('rope_theta') ?? config.number(thetaField, theta ?? 10_000),
    fraction: share,
  }
  const type = fields.rope_type ?? fields.type ?? 'default'
  switch (type) {
    case 'default':
    case 'dynamic':
      return { ...rope, scaling: null }
    case 'linear':
      return { ...rope, scaling: { kind: 'linear', factor: number('factor') } }
    case 'llama3':
      return {
        ...rope,
        scaling: {
          kind: 'llama3',
          factor: number('factor'),
          lowFrequencyFactor: number('low_freq_factor'),
          highFrequencyFactor: number('high_freq_factor'),
          originalMaxPositions: original(),
        },
      }
    case 'yarn': {
      const originalMaxPositions = original()
      const factor = optional('factor') ?? config.number('max_position_embeddings') / originalMaxPositions
      return {
        ...rope,
        scaling: {
          kind: 'yarn',
          factor,
          attentionFactor:
            optional('attention_factor') ?? yarnAttentionFactor(factor, optional('mscale'), optional('mscale_all_dim')),
          betaFast: optional('beta_fast') || 32,
          betaSlow: optional('beta_slow') || 1,
          originalMaxPositions,
          truncate: (fields.truncate ?? true) === true,
        },
      }
    }
    default:
      throw new InputError(
        `${config.file}: ${place}.rope_type is ${JSON.stringify(type)}, expected "default", "linear", "dynamic", "yarn" or "llama3"`,
      )
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
