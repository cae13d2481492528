import type { SteerableModel } from '@saeval/language-model'
import type { SaeFile } from '@saeval/sae-core'

/** The SAE at each place that its latents write to: itself, and a cross-layer transcoder's or crosscoder's later layers. */
export function writtenLayers(sae: SaeFile): readonly SaeFile[] {
  return [sae, ...sae.laterLayers]
}

/** Length of a latent's decoder row; of one that writes to several layers that of its rows one after the other: sqrt(sum over layers of |w_i|^2). */
export async function wholeRowLength(sae: SaeFile, latent: number): Promise<number> {
  let squares = 0
  for (const { decoderRow } of writtenLayers(sae))
    for (const value of await decoderRow(latent)) squares += value * value
  return Math.sqrt(squares)
}

/**
 * What a unit of a latent adds to the residual stream up to its end: its decoder row, or the sum of its rows in several layers, in float64. Later layers do
 * not answer to it here, as in the logit lens.
 */
export async function summedRow(sae: SaeFile, latent: number): Promise<Float32Array> {
  const sum = new Float64Array(sae.config.dOut)
  for (const { decoderRow } of writtenLayers(sae)) {
    const row = await decoderRow(latent)
    for (let i = 0; i < sum.length; i++) sum[i]! += row[i]!
  }
  return Float32Array.from(sum)
}

/** Length of each token's activation where latents write; in several layers that of the activations one after the other: sqrt(sum over layers of |x_i|^2). */
export async function wholeLengths(model: SteerableModel, ids: readonly number[], sae: SaeFile): Promise<Float64Array> {
  const hookPoints = [...new Set(writtenLayers(sae).map(({ config }) => config.hookPointOut))]
  const captured = await model.captureActivations(ids, hookPoints)
  const squares = new Float64Array(ids.length)
  for (const { data, dims } of captured.values()) {
    for (let at = 0; at < ids.length; at++)
      for (const value of data.subarray(at * dims[1], (at + 1) * dims[1])) squares[at]! += value * value
  }
  return squares.map(Math.sqrt)
}
