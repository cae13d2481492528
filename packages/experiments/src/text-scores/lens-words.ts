import { wordsOf } from '@saeval/eval-harness/internal/metrics/text-scores'
import type { SteerableModel } from '@saeval/language-model'
import { findSae, openSae } from '@saeval/sae-core'
import { summedRow } from '@saeval/steering/internal/edits/whole-row'
import { lensTokens, topTokens } from '@saeval/steering/internal/ranking/output-score'

/** A latent as a task file names it, and how many tokens of its logit lens are looked at. */
export interface LensLatent {
  readonly release: string
  readonly id: string
  readonly latent: number
  readonly top: number
}

/** Reads the settings of a metric. Throws an Error for what is missing or wrong. */
export function lensLatent(settings: Readonly<Record<string, unknown>>): LensLatent {
  const { sae_release: release, sae_id: id, latent_idx: latent, top = lensTokens } = settings
  if (typeof release !== 'string' || typeof id !== 'string')
    throw new Error('it needs sae_release and sae_id, the SAE of the latent whose words are looked for')
  if (!Number.isInteger(latent) || (latent as number) < 0) throw new Error('it needs latent_idx, a whole number from 0')
  if (!Number.isInteger(top) || (top as number) < 1) throw new Error('top is a whole number above 0')
  return { release, id, latent: latent as number, top: top as number }
}

/**
 * The words among the tokens that a latent's decoder row raises most, by the logit lens (nostalgebraist 2020): those tokens whose text is one word, in lower
 * case. Of a latent that writes to several layers the sum of its rows is looked at: all are added to one residual stream.
 * Throws an Error where there is none, for a latent that the SAE does not have, and for a model without unembed.
 */
export async function lensWords(model: SteerableModel, { release, id, latent, top }: LensLatent): Promise<string[]> {
  if (model.unembed === undefined) throw new Error('this model has no logit lens: it lacks unembed of SteerableModel')
  const sae = await openSae(findSae(release, id))
  try {
    if (latent >= sae.config.dSae)
      throw new Error(`latent ${latent} is out of range: ${release} ${id} has latents 0 to ${sae.config.dSae - 1}`)
    const [logits] = await model.unembed(await summedRow(sae, latent))
    const texts = topTokens(logits!, top).map((token) => model.tokenizer.decode([token]).trim())
    const words = texts.flatMap((text) => {
      const [word, ...more] = wordsOf(text)
      return word !== undefined && more.length === 0 && word.length === text.length ? [word] : []
    })
    if (words.length === 0)
      throw new Error(`latent ${latent} of ${release} ${id} raises no word among its first ${top}`)
    return words
  } finally {
    await sae.close()
  }
}
