import type { PreparedTask } from '@saeval/eval-harness'
import type { SteerableModel } from '@saeval/language-model'
import type { SaeFile } from '@saeval/sae-core'
import { writtenLayers } from '@saeval/steering/internal/edits/whole-row'
import { activityOn } from '../ranking/sparsities.js'
import type { LatentFacts } from './matched-latents.js'

/** Density of every latent on documents, and length of its decoder row; of one that writes to several layers, of its rows one after the other. */
export async function latentFacts(
  base: SteerableModel,
  sae: SaeFile,
  texts: readonly PreparedTask[],
  signal?: AbortSignal,
): Promise<LatentFacts> {
  const tensors = await sae.load()
  const { sparsity: density } = await activityOn(base, { config: sae.config, tensors }, texts, signal)
  const { dOut, dSae } = sae.config
  const squares = new Float64Array(dSae)
  for (const layer of writtenLayers(sae)) {
    const { wDec } = layer === sae ? tensors : await layer.load()
    for (let at = 0; at < wDec.length; at++) squares[Math.floor(at / dOut)]! += wDec[at]! ** 2
  }
  return { density, norm: squares.map(Math.sqrt) }
}
