import { activationOf } from '../sae-config.js'
import { decoderNorms, encode } from './encode.js'
import { normalizeInput } from './normalize.js'
import { centred, type Sae } from './sae-input.js'
import { temporalCodes } from './temporal.js'

/**
 * Reconstructions [n, d_out] of activations f [n, d_sae]: f W_dec + b_dec with input scale and run-time normalisation undone, for which
 * the inputs x [n, d_in] are needed. With rescaled activations f is divided by the lengths of the decoder rows first. Leaves out what
 * does not come from f: the skip connection and the predicted codes of temporal SAEs; `forward` has them.
 */
export function decode(sae: Sae, f: Float32Array, x: Float32Array): Float32Array {
  const { config, tensors } = sae
  const { dIn, dOut, dSae, inputScale, temporal } = config
  const norms = config.rescaleActsByDecoderNorm ? decoderNorms(sae) : null
  // SAELens' transcoders normalise what they read only: their output is another activation
  const isTranscoder = config.architecture.endsWith('transcoder')
  // a bias that was not taken off the input is not put back by these
  const activation = activationOf(config)
  const hasBias =
    activation === 'temporal'
      ? !temporal!.tiedWeights || config.applyBDecToInput
      : activation !== 'matching_pursuit' || config.applyBDecToInput
  const count = f.length / dSae
  const result = new Float32Array(count * dOut)
  for (let row = 0; row < count; row++) {
    const sums = hasBias ? Float64Array.from(tensors.bDec) : new Float64Array(dOut)
    for (let j = 0; j < dSae; j++) {
      const value = f[row * dSae + j]! / (norms ? norms[j]! : 1)
      if (value === 0) continue
      const offset = j * dOut
      for (let i = 0; i < dOut; i++) sums[i]! += value * tensors.wDec[offset + i]!
    }
    if (isTranscoder) {
      result.set(sums, row * dOut)
      continue
    }
    const { scale, shift } = normalizeInput(
      config.normalization,
      centred(config, x.subarray(row * dIn, (row + 1) * dIn)),
    )
    result.set(
      sums.map((value) => (value / inputScale) * scale + shift),
      row * dOut,
    )
  }
  return result
}

/**
 * The SAE's whole output [n, d_out]: the reconstruction of its activations, plus x W_skip^T of skip transcoders, plus what temporal SAEs
 * predict from earlier positions (sequences of `sequenceLength`, one by default).
 */
export function forward(sae: Sae, x: Float32Array, sequenceLength = x.length / sae.config.dIn): Float32Array {
  const { config, tensors } = sae
  if (config.architecture === 'temporal') {
    const { novel, predicted } = temporalCodes(sae, x, sequenceLength)
    return decode(
      sae,
      novel.map((value, index) => value + predicted[index]!),
      x,
    )
  }
  const result = decode(sae, encode(sae, x, sequenceLength), x)
  const { wSkip } = tensors
  if (!wSkip) return result
  const { dIn, dOut } = config
  return result.map((value, index) => {
    const start = Math.floor(index / dOut) * dIn
    const weights = (index % dOut) * dIn
    let sum = value
    for (let i = 0; i < dIn; i++) sum += x[start + i]! * wSkip[weights + i]!
    return sum
  })
}

/**
 * What the SAE leaves out of its target: `target` minus the reconstruction of its activations, [n, d_out]. The target is the activation at
 * `hookPointOut`: x itself unless the SAE is a transcoder.
 */
export function errorTerm(
  sae: Sae,
  x: Float32Array,
  target: Float32Array = x,
  sequenceLength = x.length / sae.config.dIn,
): Float32Array {
  const reconstruction = decode(sae, encode(sae, x, sequenceLength), x)
  if (target.length !== reconstruction.length)
    throw new Error(`the error term of a ${sae.config.architecture} needs the activation that it should produce`)
  return target.map((value, index) => value - reconstruction[index]!)
}
