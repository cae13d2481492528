import { didYouMean, InputError } from '@saeval/hub'
import { cut, shown } from '@saeval/hub/checks'
import { findSae, type SaeReference } from './find-sae.js'
import { releases } from './registry.js'

/** One latent of an SAE, found by its page on Neuronpedia. */
export interface LatentReference {
  readonly sae: SaeReference
  readonly latent: number
}

/** The model's and SAE's part of a reference, "gemma-2-2b/20-gemmascope-res-16k". */
const form = /^(?:(?:https?:\/\/)?(?:www\.)?neuronpedia\.org\/)?([\w.-]+\/[\w.-]+)\/(\d+)\/?(?:[?#].*)?$/i

let byId: ReadonlyMap<string, readonly [release: string, id: string]> | null = null

/**
 * Finds the latent behind "gemma-2-2b/20-gemmascope-res-16k/12082" or "https://www.neuronpedia.org/gemma-2-2b/…/12082". Throws InputError
 * for a text of another form and for SAEs that SAELens' registry does not connect with Neuronpedia, with the nearest ones if `hints` are wanted.
 */
export function findNeuronpedia(reference: string, hints = true): LatentReference {
  const found = form.exec(reference.trim())
  if (!found)
    throw new InputError(
      `${shown(reference)} is not a Neuronpedia reference; expected model/sae/latent, such as gemma-2-2b/20-gemmascope-res-16k/12082, or its address`,
    )
  byId ??= new Map(
    [...releases().values()].flatMap((release) =>
      release.saes.flatMap((sae) =>
        sae.neuronpedia === null ? [] : [[sae.neuronpedia.toLowerCase(), [release.release, sae.id] as const] as const],
      ),
    ),
  )
  const name = found[1]!.toLowerCase()
  const known = byId.get(name)
  if (!known)
    throw new InputError(
      `SAELens' registry knows no SAE by the Neuronpedia name ${shown(found[1])}${hints ? didYouMean(name, byId.keys()) : ''}`,
    )
  const latent = Number(found[2])
  if (!Number.isSafeInteger(latent)) throw new InputError(`latent ${cut(found[2]!)} is larger than any SAE`)
  return { sae: findSae(...known), latent }
}
