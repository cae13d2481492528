import type { PreparedTask } from '@saeval/eval-harness'
import type { SteerableModel } from '@saeval/language-model'
import type { SaeFile } from '@saeval/sae-core'
import { documentTexts } from '../ranking/document-texts.js'
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
  const { sparsity: density } = await activityOn(base, { config: sae.config, tensors }, documentTexts(texts), signal)
  return { density, norm: await sae.rowLengths() }
}
