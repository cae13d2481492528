import { InputError } from '@saeval/hub'
import type { EditedLatent } from '@saeval/report/internal/html/edited-latents'
import { findSae } from '@saeval/sae-core'
import { type Feature, readFeaturesFile } from '@saeval/steering'
import { featuresFileName, featuresFileOf } from '@saeval/steering/internal/edits/features-file'

/** What the features file beside a local SAE says of a latent; a clause that says why where it says nothing. */
export async function latentNotes({ release, sae, latent, link }: EditedLatent): Promise<Feature | string> {
  try {
    const reference = findSae(release, sae)
    const file = featuresFileOf(reference)
    if (file !== null) {
      const features = await readFeaturesFile(file)
      return features.find((feature) => String(feature.latent) === latent) ?? `${file} has no line of this latent`
    }
    if ('folder' in reference.place) return `there is no ${featuresFileName} beside this SAE`
    const page =
      link === null ? 'the registry knows no page of it on Neuronpedia either' : 'its page on Neuronpedia has some'
    return `only a ${featuresFileName} beside a local SAE tells them, and this one is of the hub; ${page}`
  } catch (error) {
    // an SAE that is elsewhere now, or a file that is none: the page has the rest
    if (InputError.isInstance(error)) return error.message
    throw error
  }
}
