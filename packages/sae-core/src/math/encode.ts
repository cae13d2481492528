import { activationOf } from '../sae-config.js'
import { keepLargest, keepLargestOfGroups } from './largest.js'
import { pursue } from './matching-pursuit.js'
import { type Sae, saeInput } from './sae-input.js'
import { temporalCodes } from './temporal.js'

/**
 * Pre-activations [n, d_sae] of inputs x [n, d_in] (hook_z: heads flattened), as SAELens' hook_sae_acts_pre: z W_enc + b_enc with z the
 * SAE's input; of gated SAEs the magnitude path z (W_enc exp(r_mag)) + b_mag; of top-k SAEs before the rescaling by decoder norms.
 * Throws for temporal and matching-pursuit SAEs, which have none.
 */
export function preActivations(sae: Sae, x: Float32Array): Float32Array {
  const { config, tensors } = sae
  const { gate, bEnc } = tensors
  if (!gate) {
    if (!bEnc) throw new Error(`${config.architecture} SAEs have no pre-activations`)
    return projected(sae, x, (sum, latent) => sum + bEnc[latent]!)
  }
  return projected(sae, x, (sum, latent) => sum * Math.exp(gate.rMag[latent]!) + gate.bMag[latent]!)
}

/**
 * Activations f [n, d_sae] of inputs x [n, d_in]. Sources: SAELens 6 (sae_lens/saes) and sparsify.
 *
 *     relu                max(p, 0)
 *     jumprelu            p where p > max(threshold, 0)
 *     gated               max(magnitude, 0) where z W_enc + b_gate > 0
 *     topk                the k largest p (times |W_dec row| where the SAE asks for it), negative ones 0
 *     groupmax            the largest p of each of k groups of neighbouring latents, negative ones 0
 *     matching_pursuit    greedy; see matching-pursuit.ts
 *     temporal            the novel codes; see temporal.ts
 *
 * Temporal SAEs look back inside a sequence: x holds sequences of `sequenceLength` positions each, one sequence by default.
 */
export function encode(sae: Sae, x: Float32Array, sequenceLength = x.length / sae.config.dIn): Float32Array {
  const { config, tensors } = sae
  const { dSae, k } = config
  switch (activationOf(config)) {
    case 'relu':
      return preActivations(sae, x).map((p) => Math.max(p, 0))
    case 'jumprelu': {
      const { threshold } = tensors
      return preActivations(sae, x).map((p, index) => (p > Math.max(0, threshold![index % dSae]!) ? p : 0))
    }
    case 'gated': {
      const { bGate } = tensors.gate!
      const gates = projected(sae, x, (sum, latent) => sum + bGate[latent]!)
      return preActivations(sae, x).map((p, index) => (gates[index]! > 0 ? Math.max(p, 0) : 0))
    }
    case 'topk': {
      const p = preActivations(sae, x)
      const norms = config.rescaleActsByDecoderNorm ? decoderNorms(sae) : null
      return keepLargest(norms ? p.map((value, index) => value * norms[index % dSae]!) : p, dSae, k!)
    }
    case 'groupmax':
      return keepLargestOfGroups(preActivations(sae, x), dSae, k!)
    case 'matching_pursuit':
      return rows(sae, x, (z) => pursue(sae, z))
    case 'temporal':
      return temporalCodes(sae, x, sequenceLength).novel
  }
}

/** Lengths of the decoder rows [d_sae]. */
export function decoderNorms({ config: { dOut, dSae }, tensors: { wDec } }: Sae): Float64Array {
  return Float64Array.from({ length: dSae }, (_, latent) => {
    let sum = 0
    for (let i = latent * dOut; i < (latent + 1) * dOut; i++) sum += wDec[i]! ** 2
    return Math.sqrt(sum)
  })
}

/** `finish(z W_enc)` for each input; sums in float64, results in float32. */
function projected(sae: Sae, x: Float32Array, finish: (sum: number, latent: number) => number): Float32Array {
  const { dSae } = sae.config
  const { wEnc } = sae.tensors
  return rows(sae, x, (z) => {
    const sums = new Float64Array(dSae)
    for (let i = 0; i < z.length; i++) {
      const value = z[i]!
      const offset = i * dSae
      for (let j = 0; j < dSae; j++) sums[j]! += value * wEnc[offset + j]!
    }
    return sums.map(finish)
  })
}

/** One row [d_sae] for each input, from the SAE's input z [d_in]. */
function rows(sae: Sae, x: Float32Array, row: (z: Float64Array) => Float64Array): Float32Array {
  const { dIn, dSae } = sae.config
  const result = new Float32Array((x.length / dIn) * dSae)
  for (let start = 0, at = 0; start < x.length; start += dIn, at += dSae)
    result.set(row(saeInput(sae, x.subarray(start, start + dIn))), at)
  return result
}
