import { InputError } from '@saeval/hub'
import type { EditedLatent } from '@saeval/report/internal/html/edited-latents'
import { findSae } from '@saeval/sae-core'
import { type Feature, readFeaturesFile } from '@saeval/steering'
import { featuresFileOf } from '@saeval/steering/internal/edits/features-file'

/** What the features file beside a local SAE says of a latent; null where there is none. */
export async function latentNotes({ release, sae, latent }: EditedLatent): Promise<Feature | null> {
  try {
    const file = featuresFileOf(findSae(release, sae))
    if (file === null) return null
    const features = await readFeaturesFile(file)
    return features.find((feature) => String(feature.latent) === latent) ?? null
  } catch (error) {
    // an SAE that is elsewhere now, or a file that is none: the page has the rest
    if (InputError.isInstance(error)) return null
    throw error
  }
}
