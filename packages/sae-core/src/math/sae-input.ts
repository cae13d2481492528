import type { SaeTensors } from '../loaders/open-sae.js'
import type { SaeConfig } from '../sae-config.js'
import { normalizeInput } from './normalize.js'

/** An SAE with its tensors in memory. */
export interface Sae {
  readonly config: SaeConfig
  readonly tensors: SaeTensors
}

/** What the encoder's matrix is applied to: x [d_in] centred, normalised and scaled, minus b_dec where the SAE says so. */
export function saeInput({ config, tensors }: Sae, x: Float32Array): Float64Array {
  const input = normalizeInput(config.normalization, centred(config, x)).values
  for (let i = 0; i < input.length; i++)
    input[i] = input[i]! * config.inputScale - (config.applyBDecToInput ? tensors.bDec[i]! : 0)
  return input
}

/** x with its mean taken away, where the SAE was trained on a centred residual stream. */
export function centred({ centreInput }: SaeConfig, x: Float32Array): Float64Array {
  const values = Float64Array.from(x)
  if (!centreInput) return values
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return values.map((value) => value - mean)
}
