import type { HubOptions } from '@saeval/hub'
import { InputError } from '@saeval/hub'
import { findSae, openSae, type SaeFile, type SaeReference } from '@saeval/sae-core'
import { readFeaturesFile } from '@saeval/steering'
import { featuresFileOf, labelOf, maxActivation } from '@saeval/steering/internal/edits/features-file'
import { readSweepCsvs } from '../steering-files.js'

/** A latent that a search may steer. */
export interface Candidate {
  readonly sae: SaeFile
  readonly reference: SaeReference
  readonly latent: number
  readonly label: string | null
  /** By the features file beside the SAE; null without. */
  readonly maxActivation: number | null
}

/** Where candidates come from. */
export interface CandidateSource {
  /** Steering CSVs, whose rows name them. */
  readonly csv: readonly string[]
  /** Latents that are named one by one. */
  readonly named?: readonly { readonly reference: SaeReference; readonly latent: number }[]
  /** SAEs, whose latents they are. */
  readonly saes: readonly SaeReference[]
  /** Of the SAEs: these latents; null for all. */
  readonly latents: readonly number[] | null
  /** Of the SAEs: latents whose label holds all these words, whatever their case; null for any. */
  readonly label: string | null
}

/** Candidates, each latent of an SAE once, and the SAEs, which must be closed. Throws InputError where there are none. */
export async function findCandidates(
  { csv, named: single = [], saes, latents, label }: CandidateSource,
  hub: HubOptions,
): Promise<{ readonly candidates: readonly Candidate[]; readonly files: readonly SaeFile[] }> {
  const named = new Map<string, { reference: SaeReference; latents: Set<number> | null }>()
  for (const reference of saes) named.set(keyOf(reference), { reference, latents: latents && new Set(latents) })
  const add = (reference: SaeReference, latent: number) => {
    const known = named.get(keyOf(reference)) ?? { reference, latents: new Set<number>() }
    known.latents?.add(latent)
    named.set(keyOf(reference), known)
  }
  for (const { reference, latent } of single) add(reference, latent)
  for (const { rows } of await readSweepCsvs(csv))
    for (const { sae_release: release, sae_id: id, latent_idx: latent } of rows) add(findSae(release, id), latent)
  const files: SaeFile[] = []
  try {
    const candidates: Candidate[] = []
    for (const { reference, latents } of named.values()) {
      const sae = await openSae(reference, hub)
      files.push(sae)
      const path = featuresFileOf(reference)
      const features = path === null ? [] : await readFeaturesFile(path)
      const { release, id } = reference
      const wrong = [...(latents ?? [])].find(
        (latent) => !Number.isInteger(latent) || latent < 0 || latent >= sae.config.dSae,
      )
      if (wrong !== undefined)
        throw new InputError(
          `latent ${wrong} is none of ${release} ${id}, which has latents 0 to ${sae.config.dSae - 1}`,
        )
      const words = (label ?? '').toLowerCase().split(/\s+/)
      for (const latent of latents ?? Array(sae.config.dSae).keys()) {
        const own = labelOf(features, release, id, latent)
        if (label !== null && !words.every((word) => own?.toLowerCase().includes(word))) continue
        candidates.push({
          sae,
          reference,
          latent,
          label: own,
          maxActivation: maxActivation(features, release, id, latent),
        })
      }
    }
    if (candidates.length === 0)
      throw new InputError('there is no latent to search among; name an SAE, or a CSV with rows')
    return { candidates, files }
  } catch (error) {
    await Promise.all(files.map((file) => file.close()))
    throw error
  }
}

function keyOf({ release, id }: SaeReference): string {
  return JSON.stringify([release, id])
}
