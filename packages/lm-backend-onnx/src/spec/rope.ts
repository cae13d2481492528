import { InputError } from '@saeval/hub'
import type { ModelConfig } from './read-config.js'

/** Llama 3.1's scaling: low frequencies are divided by a factor, those in between blended. */
export interface Llama3Scaling {
  readonly factor: number
  readonly lowFrequencyFactor: number
  readonly highFrequencyFactor: number
  readonly originalMaxPositions: number
}

/** Positions divided by a factor. */
export interface LinearScaling {
  readonly linear: number
}

/** Rotary embedding over the whole head, half-split pairs. */
export interface Rope {
  readonly theta: number
  readonly scaling: Llama3Scaling | LinearScaling | null
}

/** rope_theta and rope_scaling, or rope_parameters of transformers 5. Throws InputError for kinds that cannot be computed. */
export function readRope(config: ModelConfig, thetaByDefault = 10_000): Rope {
  const parameters = config.object('rope_parameters')
  if (parameters !== null) return ropeOf(config, 'rope_parameters', parameters, null)
  return ropeOf(
    config,
    'rope_scaling',
    config.object('rope_scaling') ?? {},
    config.number('rope_theta', thetaByDefault),
  )
}

/** Gemma 3's two: the scaled one of full layers, the plain one of sliding layers. */
export function gemma3Ropes(config: ModelConfig): { readonly full: Rope; readonly sliding: Rope } {
  const parameters = config.object('rope_parameters')
  if (parameters === null)
    return {
      full: readRope(config, 1_000_000),
      sliding: { theta: config.number('rope_local_base_freq', 10_000), scaling: null },
    }
  const of = (kind: string) => {
    const fields = parameters[kind]
    if (typeof fields === 'object' && fields !== null)
      return ropeOf(config, `rope_parameters.${kind}`, fields as Readonly<Record<string, unknown>>, null)
    throw new InputError(`${config.file}: rope_parameters.${kind} is missing`)
  }
  return { full: of('full_attention'), sliding: of('sliding_attention') }
}

function ropeOf(
  config: ModelConfig,
  place: string,
  fields: Readonly<Record<string, unknown>>,
  given: number | null,
): Rope {
  const type = fields.rope_type ?? fields.type ?? 'default'
  const number = (name: string): number => {
    const found = fields[name]
    if (typeof found === 'number' && Number.isFinite(found)) return found
    throw new InputError(`${config.file}: ${place}.${name} is ${JSON.stringify(found) ?? 'missing'}, expected a number`)
  }
  const theta = given ?? number('rope_theta')
  switch (type) {
    case 'default':
      return { theta, scaling: null }
    case 'linear':
      return { theta, scaling: { linear: number('factor') } }
    case 'llama3':
      return {
        theta,
        scaling: {
          factor: number('factor'),
          lowFrequencyFactor: number('low_freq_factor'),
          highFrequencyFactor: number('high_freq_factor'),
          originalMaxPositions: number('original_max_position_embeddings'),
        },
      }
    default:
      throw new InputError(
        `${config.file}: ${place}.rope_type is ${JSON.stringify(type)}, expected "default", "linear" or "llama3"`,
      )
  }
}

/** theta^(-2i / d_head) for each pair i [d_head / 2], scaled, in float32 at every step as transformers computes them. */
export function ropeFrequencies({ theta, scaling }: Rope, dHead: number): Float32Array {
  return Float32Array.from({ length: dHead / 2 }, (_, i) => {
    const frequency = Math.fround(1 / Math.fround(theta ** Math.fround((2 * i) / dHead)))
    if (scaling === null) return frequency
    return 'linear' in scaling ? frequency / scaling.linear : llama3Frequency(frequency, scaling)
  })
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
