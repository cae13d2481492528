import type { SteerableModel } from '@saeval/language-model'
import type { SaeFile } from '@saeval/sae-core'
import { type HeadSize, headSizeAt } from '@saeval/sae-core/internal/edits/head-size'

/** The SAE at each place that its latents write to: itself, and a cross-layer transcoder's or crosscoder's later layers. */
export function writtenLayers(sae: SaeFile): readonly SaeFile[] {
  return [sae, ...sae.laterLayers]
}

/** The one head of attn.hook_z that is measured, and the size of one. */
export interface MeasuredHead {
  readonly head: number
  readonly dHead: HeadSize
}

/** The numbers of one head, or all. */
function partOf(vector: Float32Array, hookPoint: string, of: MeasuredHead | null): Float32Array {
  if (of === null) return vector
  const size = headSizeAt(of.dHead, hookPoint)
  return vector.subarray(of.head * size, (of.head + 1) * size)
}

/** Length of a latent's decoder row (of its part for one head); of one that writes to several layers that of its rows one after the other: sqrt(sum over layers of |w_i|^2). */
export async function wholeRowLength(sae: SaeFile, latent: number, head: MeasuredHead | null = null): Promise<number> {
  let squares = 0
  for (const { decoderRow, config } of writtenLayers(sae))
    for (const value of partOf(await decoderRow(latent), config.hookPointOut, head)) squares += value * value
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

/** Length of each token's activation (of its part for one head) where latents write; in several layers that of the activations one after the other: sqrt(sum over layers of |x_i|^2). */
export async function wholeLengths(
  model: SteerableModel,
  ids: readonly number[],
  sae: SaeFile,
  head: MeasuredHead | null = null,
): Promise<Float64Array> {
  const hookPoints = [...new Set(writtenLayers(sae).map(({ config }) => config.hookPointOut))]
  const captured = await model.captureActivations(ids, hookPoints)
  const squares = new Float64Array(ids.length)
  for (const [hookPoint, { data, dims }] of captured) {
    for (let at = 0; at < ids.length; at++)
      for (const value of partOf(data.subarray(at * dims[1], (at + 1) * dims[1]), hookPoint, head))
        squares[at]! += value * value
  }
  return squares.map(Math.sqrt)
}
