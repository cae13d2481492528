import type { SaeFile } from '@saeval/sae-core'
import type { EffectReport } from './check-effects.js'
import type { OpenRow } from './open-edits.js'
import type { SteeringFile } from './read-steering-file.js'

/** One line for each row, as the header of a run shows it. */
export function editLines(file: SteeringFile, rows: readonly OpenRow[]): string[] {
  return rows.map(({ row, edit }) => {
    const { latent_idx: latent, steering_coefficient: value, clamp_value: threshold, refuse_id: set } = row
    const what: Readonly<Record<string, string>> = {
      add: `add ${value} x latent ${latent}`,
      clamp: `clamp latent ${latent} to ${value}`,
      clamp_active: `clamp latent ${latent} to ${value} where it is active`,
      clamp_above: `clamp latent ${latent} to ${value} where it is above ${threshold}`,
      clamp_refusal: `clamp latent ${set} to ${value} where latent ${latent} is above ${threshold}`,
      scale: `scale latent ${latent} by ${value}`,
      ablate: `ablate latent ${latent}`,
    }
    const note = row.description ? ` (${row.description})` : ''
    return `${file.path}:${row.line}: ${what[edit.action]}${note}, ${row.sae_release} ${row.sae_id}, at ${edit.sae.config.hookPoint}`
  })
}

/** What results.json records of the steering: enough to trace and to repeat the run. */
export async function steeringRecord(
  file: SteeringFile,
  rows: readonly OpenRow[],
  semantics: string,
  check: EffectReport,
): Promise<object> {
  const saes = [...new Set(rows.map(({ edit }) => edit.sae))]
  return {
    csv_path: file.path,
    csv_sha256: file.sha256,
    semantics,
    rows: rows.map(({ row, edit }) => ({ ...row, hook_point: edit.sae.config.hookPoint })),
    saes: await Promise.all(saes.map(saeRecord)),
    check,
  }
}

async function saeRecord(sae: SaeFile): Promise<object> {
  const { release, id } = sae.reference
  const { architecture, dIn, dSae, hookPoint, modelName } = sae.config
  return {
    sae_release: release,
    sae_id: id,
    architecture,
    d_in: dIn,
    d_sae: dSae,
    hook_point: hookPoint,
    model_name: modelName,
    files: await sae.files(),
  }
}
