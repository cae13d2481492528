import { centred, encode, type Sae } from './encode.js'
import { normalizeInput } from './normalize.js'

/**
 * Reconstructions [n, d_in] of activations f [n, d_sae]: f W_dec + b_dec with the run-time normalisation undone, for which the inputs
 * x [n, d_in] are needed.
 */
export function decode({ config, tensors }: Sae, f: Float32Array, x: Float32Array): Float32Array {
  const { dIn, dSae } = config
  const count = f.length / dSae
  const result = new Float32Array(count * dIn)
  for (let row = 0; row < count; row++) {
    const sums = Float64Array.from(tensors.bDec)
    for (let j = 0; j < dSae; j++) {
      const value = f[row * dSae + j]!
      if (value === 0) continue
      const offset = j * dIn
      for (let i = 0; i < dIn; i++) sums[i]! += value * tensors.wDec[offset + i]!
    }
    const { scale, shift } = normalizeInput(
      config.normalization,
      centred(config, x.subarray(row * dIn, (row + 1) * dIn)),
    )
    result.set(
      sums.map((value) => value * scale + shift),
      row * dIn,
    )
  }
  return result
}

/** What the SAE leaves out: x - decode(encode(x)), [n, d_in]. */
export function errorTerm(sae: Sae, x: Float32Array): Float32Array {
  const reconstruction = decode(sae, encode(sae, x), x)
  return x.map((value, index) => value - reconstruction[index]!)
}
