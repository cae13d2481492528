import { readFile } from 'node:fs/promises'
import { InputError } from '@saeval/hub'

/** What a features file tells about one latent. */
export interface Feature {
  readonly latent: number
  readonly maxActivation: number | null
  /** null where the file does not say it: then the line holds for any SAE. */
  readonly saeRelease: string | null
  readonly saeId: string | null
}

/**
 * Reads a features file: one JSON object a line with `latent` and `max_activation`, where several SAEs share the file also
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
      saeRelease: name(fields.sae_release),
      saeId: name(fields.sae_id),
    })
  }
  return features
}

/** The largest activation of a latent; null where the file does not have it. */
export function maxActivation(
  features: readonly Feature[],
  release: string,
  id: string,
  latent: number,
): number | null {
  const found = features.find(
    (feature) =>
      feature.latent === latent &&
      (feature.saeRelease === null || feature.saeRelease === release) &&
      (feature.saeId === null || feature.saeId === id),
  )
  return found?.maxActivation ?? null
}
