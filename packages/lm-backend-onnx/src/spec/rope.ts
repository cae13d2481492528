import { InputError } from '@saeval/hub'
import type { ModelConfig } from './read-config.js'

/** Llama 3.1's scaling: low frequencies are divided by a factor, those in between blended. */
export interface Llama3Scaling {
  readonly factor: number
  readonly lowFrequencyFactor: number
  readonly highFrequencyFactor: number
  readonly originalMaxPositions: number
}

/** Rotary embedding over the whole head, half-split pairs. */
export interface Rope {
  readonly theta: number
  readonly scaling: Llama3Scaling | null
}

/** rope_theta and rope_scaling, or rope_parameters of transformers 5. Throws InputError for kinds that cannot be computed. */
export function readRope(config: ModelConfig): Rope {
  const parameters = config.object('rope_parameters')
  const place = parameters === null ? 'rope_scaling' : 'rope_parameters'
  const fields = parameters ?? config.object('rope_scaling') ?? {}
  const type = fields.rope_type ?? fields.type ?? 'default'
  const number = (name: string): number => {
    const found = fields[name]
    if (typeof found === 'number' && Number.isFinite(found)) return found
    throw new InputError(`${config.file}: ${place}.${name} is ${JSON.stringify(found) ?? 'missing'}, expected a number`)
  }
  const theta = parameters === null ? config.number('rope_theta', 10_000) : number('rope_theta')
  if (type === 'default') return { theta, scaling: null }
  if (type !== 'llama3')
    throw new InputError(
      `${config.file}: ${place}.rope_type is ${JSON.stringify(type)}, expected "default" or "llama3"`,
    )
  return {
    theta,
    scaling: {
      factor: number('factor'),
      lowFrequencyFactor: number('low_freq_factor'),
      highFrequencyFactor: number('high_freq_factor'),
      originalMaxPositions: number('original_max_position_embeddings'),
    },
  }
}

/** theta^(-2i / d_head) for each pair i [d_head / 2], scaled, in float32 at every step as transformers computes them. */
export function ropeFrequencies({ theta, scaling }: Rope, dHead: number): Float32Array {
  return Float32Array.from({ length: dHead / 2 }, (_, i) => {
    const frequency = Math.fround(1 / Math.fround(theta ** Math.fround((2 * i) / dHead)))
    return scaling === null ? frequency : llama3Frequency(frequency, scaling)
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
