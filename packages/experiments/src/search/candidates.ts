import type { HubOptions } from '@saeval/hub'
import { InputError, option, sentence } from '@saeval/hub'
import { findSae, openSae, type SaeFile, type SaeReference } from '@saeval/sae-core'
import { readFeaturesFile } from '@saeval/steering'
import { featuresFileName, featuresFileOf, labelOf, maxActivation } from '@saeval/steering/internal/edits/features-file'
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
  /** Of `saes`: these latents; null for all. */
  readonly latents: readonly number[] | null
  /** Of `saes`: latents whose label holds all these words, whatever their case; null for any. */
  readonly label: string | null
}

export interface FindOptions {
  readonly hub: HubOptions
  /** Puts the SAEs, all of them, in the units that their latents have in the model. */
  readonly inUnits: (files: readonly SaeFile[]) => Promise<readonly SaeFile[]>
}

/**
 * Candidates, each latent of an SAE once, and the SAEs, which must be closed. Throws InputError where there are none, for a choice of `latents` or `label`
 * without an SAE to choose from, and for a label where an SAE has none.
 */
export async function findCandidates(
  { csv, named: single = [], saes, latents, label }: CandidateSource,
  { hub, inUnits }: FindOptions,
): Promise<{ readonly candidates: readonly Candidate[]; readonly files: readonly SaeFile[] }> {
  if (saes.length === 0 && (latents !== null || label !== null))
    throw new InputError(
      sentence`${option(latents === null ? 'label' : 'latents')} chooses among the latents of whole SAEs, and only single latents are named; leave it out`,
    )
  const named = new Map<string, { reference: SaeReference; isWhole: boolean; single: Set<number> }>()
  for (const reference of saes) named.set(keyOf(reference), { reference, isWhole: true, single: new Set() })
  const add = (reference: SaeReference, latent: number) => {
    const known = named.get(keyOf(reference)) ?? { reference, isWhole: false, single: new Set<number>() }
    known.single.add(latent)
    named.set(keyOf(reference), known)
  }
  for (const { reference, latent } of single) add(reference, latent)
  for (const { rows } of await readSweepCsvs(csv))
    for (const { sae_release: release, sae_id: id, latent_idx: latent } of rows) add(findSae(release, id), latent)
  const files: SaeFile[] = []
  try {
    for (const { reference } of named.values()) files.push(await openSae(reference, hub))
    const known = await inUnits(files)
    const candidates: Candidate[] = []
    for (const [at, { reference, isWhole, single }] of [...named.values()].entries()) {
      const sae = known[at]!
      const path = featuresFileOf(reference)
      const features = path === null ? [] : await readFeaturesFile(path)
      const { release, id } = reference
      const wrong = [...(isWhole ? (latents ?? []) : []), ...single].find(
        (latent) => !Number.isInteger(latent) || latent < 0 || latent >= sae.config.dSae,
      )
      if (wrong !== undefined)
        throw new InputError(
          `latent ${wrong} is none of ${release} ${id}, which has latents 0 to ${sae.config.dSae - 1}`,
        )
      const words = (label ?? '').toLowerCase().split(/\s+/)
      const ownLabel = (latent: number) => labelOf(features, release, id, latent)
      const all = [...Array(sae.config.dSae).keys()]
      if (isWhole && label !== null && all.every((latent) => ownLabel(latent) === null))
        throw new InputError(
          sentence`${option('label')}: ${release} ${id} has no labels; ${featuresFileName} in its folder would hold them`,
        )
      const hasWords = (latent: number) =>
        label === null || words.every((word) => ownLabel(latent)?.toLowerCase().includes(word))
      const chosen = isWhole ? (latents ?? all).filter(hasWords) : []
      for (const latent of new Set([...chosen, ...single]))
        candidates.push({
          sae,
          reference,
          latent,
          label: ownLabel(latent),
          maxActivation: maxActivation(features, release, id, latent),
        })
    }
    if (candidates.length === 0)
      throw new InputError('there is no latent to search among; name an SAE, or a CSV with rows')
    return { candidates, files: known }
  } catch (error) {
    await Promise.all(files.map((file) => file.close()))
    throw error
  }
}

function keyOf({ release, id }: SaeReference): string {
  return JSON.stringify([release, id])
}
