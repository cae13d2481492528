import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { InputError } from '@saeval/hub'
import { readFeaturesFile } from '@saeval/steering'
import { featuresFileName } from '@saeval/steering/internal/edits/features-file'
import { writeSteeringCsv } from '@saeval/steering-csv'

/** A latent that a features file has a label for. */
export interface LabelledLatent {
  readonly sae_release: string
  readonly sae_id: string
  readonly latent: number
  readonly label: string
  readonly max_activation: number | null
}

/**
 * Latents whose label holds all words of `wanted`, whatever their case; all that have one where it is null. `path` is a features file, or a folder with
 * some below it. Throws InputError where there is none, or none fits.
 */
export async function labelledLatents(path: string, wanted: string | null): Promise<LabelledLatent[]> {
  const words = (wanted ?? '').toLowerCase().split(/\s+/)
  const found: LabelledLatent[] = []
  let labels = 0
  for (const file of featuresFiles(path)) {
    // an SAE's own file lies in its folder: the release is the folder above
    const folder = dirname(file)
    for (const { latent, label, maxActivation, saeRelease, saeId } of await readFeaturesFile(file)) {
      if (label === null) continue
      labels++
      if (!words.every((word) => label.toLowerCase().includes(word))) continue
      found.push({
        sae_release: saeRelease ?? dirname(folder),
        sae_id: saeId ?? basename(folder),
        latent,
        label,
        max_activation: maxActivation,
      })
    }
  }
  if (found.length === 0)
    throw new InputError(`none of the ${labels} labels of ${path} holds ${JSON.stringify(wanted)}`)
  return found
}

function featuresFiles(path: string): string[] {
  if (!existsSync(path)) throw new InputError(`--features ${path}: no such file or folder`)
  if (statSync(path).isFile()) return [path]
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter(
    (name) => basename(name) === featuresFileName,
  )
  if (names.length === 0) throw new InputError(`--features ${path}: the folder holds no ${featuresFileName}`)
  return names.sort().map((name) => join(path, name))
}

/** A steering CSV with a row for a latent, to begin with: it adds 1 x its vector. */
export function csvRow(release: string, id: string, latent: number, description: string | null): string {
  const row = {
    line: 2,
    latent_idx: latent,
    steering_coefficient: 1,
    sae_release: release,
    sae_id: id,
    hook_action: 'add',
    description,
    clamp_value: null,
    refuse_id: null,
    extra: {},
  } as const
  return writeSteeringCsv([row])
}
