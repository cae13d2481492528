import type { Sae } from './sae-input.js'

/**
 * SAELens' matching pursuit: take the latent whose decoder row fits the residual r best, add its fit to its activation, take its
 * part out of r, and go on until r is short, a step activates no new latent, or the steps are used up (d_in of them by default).
 */
export function pursue({ config, tensors: { wDec } }: Sae, z: Float64Array): Float64Array {
  const { dIn, dSae, matchingPursuit } = config
  const { residualThreshold, maxIterations, stopOnDuplicateSupport } = matchingPursuit!
  const residual = Float64Array.from(z)
  const activations = new Float64Array(dSae)
  for (let step = 0; step < (maxIterations ?? dIn); step++) {
    let best = 0
    let fit = Number.NEGATIVE_INFINITY
    for (let latent = 0; latent < dSae; latent++) {
      let sum = 0
      for (let i = 0; i < dIn; i++) sum += residual[i]! * wDec[latent * dIn + i]!
      const value = Math.max(sum, 0)
      if (value > fit) [best, fit] = [latent, value]
    }
    const isKnown = activations[best]! !== 0
    activations[best]! += fit
    for (let i = 0; i < dIn; i++) residual[i]! -= fit * wDec[best * dIn + i]!
    const length = Math.sqrt(residual.reduce((sum, value) => sum + value * value, 0))
    if (length < residualThreshold || (stopOnDuplicateSupport && isKnown)) break
  }
  return activations
}
