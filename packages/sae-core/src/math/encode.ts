import type { RuntimeNormalization } from '../intervention.js'
import type { SaeTensors } from '../loaders/open-sae.js'
import type { SaeConfig } from '../sae-config.js'
import { normalizeInput } from './normalize.js'

/** An SAE with its tensors in memory. */
export interface Sae {
  readonly config: SaeConfig
  readonly tensors: SaeTensors
}

/** Pre-activations p = n(x) W_enc + b_enc, [n, d_sae], of inputs x [n, d_in] (hook_z: heads flattened). */
export function preActivations({ config, tensors }: Sae, x: Float32Array): Float32Array {
  const { dIn, dSae } = config
  const count = x.length / dIn
  const result = new Float32Array(count * dSae)
  const sums = new Float64Array(dSae)
  for (let row = 0; row < count; row++) {
    const input = saeInput(config, tensors.bDec, x.subarray(row * dIn, (row + 1) * dIn))
    sums.set(tensors.bEnc!)
    for (let i = 0; i < dIn; i++) {
      const value = input[i]!
      const offset = i * dSae
      for (let j = 0; j < dSae; j++) sums[j]! += value * tensors.wEnc[offset + j]!
    }
    result.set(sums, row * dSae)
  }
  return result
}

/** Activations f [n, d_sae]: ReLU(p), and for jumprelu only where p > threshold. */
export function encode(sae: Sae, x: Float32Array): Float32Array {
  const p = preActivations(sae, x)
  const { dSae } = sae.config
  const { threshold } = sae.tensors
  return p.map((value, index) => (value > Math.max(0, threshold?.[index % dSae] ?? 0) ? value : 0))
}

/** What the encoder's matrix is applied to: the run-time normalisation of x [d_in], minus b_dec where the SAE says so. */
function saeInput(config: SaeConfig, bDec: Float32Array, x: Float32Array): Float64Array {
  const input = normalizeInput(config.normalization satisfies RuntimeNormalization, centred(config, x)).values
  if (config.applyBDecToInput) for (let i = 0; i < input.length; i++) input[i]! -= bDec[i]!
  return input
}

/** x with its mean taken away, where the SAE was trained on a centred residual stream. */
export function centred({ centreInput }: SaeConfig, x: Float32Array): Float64Array {
  const values = Float64Array.from(x)
  if (!centreInput) return values
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return values.map((value) => value - mean)
}
