import { InputError } from '@saeval/hub'
import { checked, index, jsonObject, number, objectOf, text } from '@saeval/hub/checks'
import { exists, join } from '@saeval/hub/internal/disk'
import type { SaeReference } from '@saeval/sae-core'
import * as v from 'valibot'
import { readSteeringBytes } from './read-steering-file.js'

/** What a features file tells about one latent. */
export interface Feature {
  /** "features.jsonl:3", for messages. */
  readonly place: string
  readonly latent: number
  readonly maxActivation: number | null
  /** What it is about: `label`, else `description`. */
  readonly label: string | null
  /** null where the file does not say it: then the line holds for any SAE. */
  readonly saeRelease: string | null
  readonly saeId: string | null
  /** The share of tokens at which it is active, 0 to 1. */
  readonly density: number | null
  /** Texts of its largest activations, with the token between « and »; none where the file has none. */
  readonly snippets: readonly string[]
}

/** A text, or nothing where the file has something else: it is only told. */
const told = v.fallback(v.nullish(text, null), null)

const schema = objectOf({
  latent: index,
  max_activation: v.nullish(number, null),
  label: told,
  description: told,
  // another SAE's numbers must not be taken for this one's
  sae_release: v.nullish(text, null),
  sae_id: v.nullish(text, null),
  density: v.fallback(v.nullish(number, null), null),
  snippets: v.fallback(v.optional(v.array(v.string()), []), []),
})

/**
 * Reads a features file: one JSON object a line with `latent` and if known `max_activation` and `label`, where several SAEs share the file also
 * `sae_release` and `sae_id`; `density` and `snippets` are shown, other fields are notes. Throws InputError naming the line.
 */
export async function readFeaturesFile(path: string): Promise<Feature[]> {
  const lines = new TextDecoder().decode(await readSteeringBytes('features_path', path)).split('\n')
  return lines.flatMap((line, number) => {
    if (line.trim() === '') return []
    const place = `${path}:${number + 1}`
    const fields = checked(place, schema, jsonObject(place, line, 'write a JSON object in each line'))
    return {
      place,
      latent: fields.latent,
      maxActivation: fields.max_activation,
      label: fields.label ?? fields.description,
      saeRelease: fields.sae_release,
      saeId: fields.sae_id,
      density: fields.density,
      snippets: fields.snippets,
    }
  })
}

/** The features file beside an SAE in a local folder; null where there is none. */
export function featuresFileOf({ place, path }: SaeReference): string | null {
  if (!('folder' in place)) return null
  const file = join(place.folder, path, featuresFileName)
  return exists(file) ? file : null
}

/** Name of a features file that lies beside an SAE's cfg.json. */
export const featuresFileName = 'features.jsonl'

/** A file's lines by their latents: SAEs have tens of thousands. */
const byLatent = new WeakMap<readonly Feature[], ReadonlyMap<number, readonly Feature[]>>()

function grouped(features: readonly Feature[]): ReadonlyMap<number, readonly Feature[]> {
  const found = new Map<number, Feature[]>()
  for (const feature of features) {
    const own = found.get(feature.latent)
    if (own === undefined) found.set(feature.latent, [feature])
    else own.push(feature)
  }
  return found
}

/** Whether a line may tell about an SAE: it names this one, or leaves out what it does not name. */
export function tellsOf({ saeRelease, saeId }: Feature, release: string, id: string): boolean {
  return (saeRelease ?? release) === release && (saeId ?? id) === id
}

/** How much of an SAE's name a line has: 0 to 2. */
function namedParts({ saeRelease, saeId }: Feature): number {
  return Number(saeRelease !== null) + Number(saeId !== null)
}

/** The lines about a latent that have a value of this kind, of those that name the SAE most fully. */
function linesWith(
  kind: 'label' | 'maxActivation',
  features: readonly Feature[],
  release: string,
  id: string,
  latent: number,
): readonly Feature[] {
  const known = byLatent.get(features) ?? grouped(features)
  byLatent.set(features, known)
  const all = (known.get(latent) ?? []).filter((line) => line[kind] !== null && tellsOf(line, release, id))
  const most = Math.max(...all.map(namedParts))
  return all.filter((line) => namedParts(line) === most)
}

/** The label of a latent; null where the file has none. */
export function labelOf(features: readonly Feature[], release: string, id: string, latent: number): string | null {
  return linesWith('label', features, release, id, latent)[0]?.label ?? null
}

/** The line that tells the largest activation of a latent; null where none does. Throws InputError where two lines tell different ones. */
export function largestLine(
  features: readonly Feature[],
  release: string,
  id: string,
  latent: number,
): (Feature & { readonly maxActivation: number }) | null {
  const [line, ...others] = linesWith('maxActivation', features, release, id, latent)
  if (line === undefined) return null
  const other = others.find(({ maxActivation }) => maxActivation !== line.maxActivation)
  if (other !== undefined)
    throw new InputError(
      `${other.place}: max_activation of latent ${latent} is ${other.maxActivation}, but ${line.maxActivation} in ${line.place}; keep one, or give the lines of several SAEs their sae_release and sae_id`,
    )
  return { ...line, maxActivation: line.maxActivation! }
}

/** The largest activation of a latent; null where the file does not have it. Throws InputError as largestLine does. */
export function maxActivation(
  features: readonly Feature[],
  release: string,
  id: string,
  latent: number,
): number | null {
  return largestLine(features, release, id, latent)?.maxActivation ?? null
}
