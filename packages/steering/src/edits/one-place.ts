import { InputError, option, type Said, sentence } from '@saeval/hub'
import type { SaeFile } from '@saeval/sae-core'

/** What steers at all places of such a latent. */
export const severalPlaces: Said = sentence`steer with ${option('model')} sae_steered_beta, which acts at all of them`

/**
 * Throws InputError for an SAE whose latents write into several layers (cross-layer transcoders, crosscoders), where the row of one layer would be taken for
 * the whole of them. `instead` is what to do.
 */
export function requireOnePlace({ reference, config, laterLayers }: SaeFile, instead: Said): void {
  if (laterLayers.length === 0) return
  throw new InputError(
    sentence`the latents of ${reference.release} ${reference.id} write at ${config.hookPointOut} and ${laterLayers.length} later places, and only the row of the first would be used; ${instead}`,
  )
}
