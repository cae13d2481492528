import type { SteerableModel } from '@saeval/language-model'
import type { Sae } from '@saeval/sae-core'
import { ActivityCounter, type LatentActivity } from '@saeval/steering/internal/ranking/latent-activity'
import { readLatents } from '@saeval/steering/internal/ranking/read-latents'

/** How active an SAE's latents are on texts, of long ones on the part that scoring reads. */
export async function activityOn(
  model: SteerableModel,
  sae: Sae,
  texts: readonly string[],
  signal?: AbortSignal,
): Promise<LatentActivity> {
  const { dSae } = sae.config
  const counter = new ActivityCounter(dSae)
  for (const text of texts) {
    signal?.throwIfAborted()
    const f = await readLatents(model, sae, model.tokenizer.encode(text))
    for (let at = 0; at < f.length; at += dSae) counter.add(f.subarray(at, at + dSae))
  }
  return counter.activity
}
