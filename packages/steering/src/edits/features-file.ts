import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError } from '@saeval/hub'
import type { SaeReference } from '@saeval/sae-core'

/** What a features file tells about one latent. */
export interface Feature {
  readonly latent: number
  readonly maxActivation: number | null
  /** What it is about: `label`, else `description`. */
  readonly label: string | null
  /** null where the file does not say it: then the line holds for any SAE. */
  readonly saeRelease: string | null
  readonly saeId: string | null
}

/**
 * Reads a features file: one JSON object a line with `latent` and if known `max_activation` and `label`, where several SAEs share the file also
 * `sae_release` and `sae_id`; other fields are notes. Throws InputError naming the line.
 */
export async function readFeaturesFile(path: string): Promise<Feature[]> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw new InputError(`cannot read features_path ${path}: ${(cause as Error).message}`, { cause })
  }
  const features: Feature[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const at = `${path}:${index + 1}`
    let fields: Record<string, unknown>
    try {
      fields = JSON.parse(line) as Record<string, unknown>
    } catch (cause) {
      throw new InputError(`${at}: the line is not JSON`, { cause })
    }
    const { latent, max_activation: most } = fields ?? {}
    if (typeof latent !== 'number' || !Number.isInteger(latent))
      throw new InputError(`${at}: the line has no whole number "latent"`)
    if (most !== undefined && typeof most !== 'number')
      throw new InputError(`${at}: "max_activation" is ${JSON.stringify(most)}, expected a number`)
    const name = (value: unknown) => (typeof value === 'string' ? value : null)
    features.push({
      latent,
      maxActivation: most ?? null,
      label: name(fields.label) ?? name(fields.description),
      saeRelease: name(fields.sae_release),
      saeId: name(fields.sae_id),
    })
  }
  return features
}

/** The features file beside an SAE in a local folder; null where there is none. */
export function featuresFileOf({ place, path }: SaeReference): string | null {
  if (!('folder' in place)) return null
  const file = join(place.folder, path, featuresFileName)
  return existsSync(file) ? file : null
}

/** Name of a features file that lies beside an SAE's cfg.json. */
export const featuresFileName = 'features.jsonl'

/** The label of a latent; null where the file has none. */
export function labelOf(features: readonly Feature[], release: string, id: string, latent: number): string | null {
  return features.find((feature) => isOf(feature, release, id, latent))?.label ?? null
}

/** The largest activation of a latent; null where the file does not have it. */
export function maxActivation(
  features: readonly Feature[],
  release: string,
  id: string,
  latent: number,
): number | null {
  return features.find((feature) => isOf(feature, release, id, latent))?.maxActivation ?? null
}

function isOf({ latent, saeRelease, saeId }: Feature, release: string, id: string, wanted: number): boolean {
  return latent === wanted && (saeRelease ?? release) === release && (saeId ?? id) === id
}
