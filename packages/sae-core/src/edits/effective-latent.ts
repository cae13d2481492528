import { InputError } from '@saeval/hub'
import type { SaeFile } from '../loaders/open-sae.js'

/**
 * What one latent computes from the activation x at the SAE's input hook point, with everything constant folded in: b_dec, centring,
 * the input scale, the two paths of gated SAEs. n is the SAE's run-time normalisation (`config.normalization`):
 *
 *     p = n(x) . encoder + bias
 *     f = p where p > threshold, else 0
 *
 * For topk and groupmax the latent must also be among the largest, and with `rescaleActsByDecoderNorm` p has still to be multiplied by
 * the length of the decoder row; of temporal and matching-pursuit SAEs a latent has no such form.
 */
export interface EffectiveLatent {
  readonly latent: number
  /** [d_in] */
  readonly encoder: Float32Array
  readonly bias: number
  /** 0 for ReLU; never negative. */
  readonly threshold: number
}

/** The latents asked for, in that order; reads their encoder columns. Throws InputError for SAEs whose latents have no such form. */
export async function effectiveLatents(sae: SaeFile, latents: readonly number[]): Promise<EffectiveLatent[]> {
  if (latents.length === 0) return []
  const { architecture, dIn, applyBDecToInput, centreInput, inputScale, normalization } = sae.config
  const name = `${sae.reference.release} ${sae.reference.id}`
  if (architecture === 'temporal' || architecture === 'matching_pursuit')
    throw new InputError(
      `the latents of ${name} (${architecture}) cannot be computed one by one, so they can only be added`,
    )
  if (centreInput && normalization === 'constant_norm_rescale')
    throw new InputError(`${name} asks for centring before constant_norm_rescale, which edits cannot follow`)

  const columns = await sae.encoderColumns(latents)
  const bDec = applyBDecToInput ? await sae.decoderBias() : null
  const effective: EffectiveLatent[] = []
  for (const [index, latent] of latents.entries()) {
    const column = columns[index]!
    const { bias, threshold, gate } = await sae.latentParameters(latent)
    // gated: f = ReLU(s u + b_mag) where u + b_gate > 0, with u = n(x) . column and s = exp(r_mag) > 0,
    // which is p = s u + b_mag passed where p > max(0, b_mag - s b_gate)
    const stretch = gate === null ? 1 : gate.scale
    // (x - mean(x)) . e = x . (e - mean(e))
    const mean = centreInput ? column.reduce((sum, value) => sum + value, 0) / dIn : 0
    const shift = bDec === null ? 0 : column.reduce((sum, value, i) => sum + value * bDec[i]!, 0)
    effective.push({
      latent,
      encoder: column.map((value) => stretch * inputScale * (value - mean)),
      bias: bias - stretch * shift,
      threshold: Math.max(0, gate === null ? threshold : bias - stretch * gate.bias),
    })
  }
  return effective
}
