import { cut } from '@saeval/hub/checks'
import { describeSelection, parseHookPoint, type SaeFile } from '@saeval/sae-core'
import type { ScaledRow } from '../edits/coefficient-units.js'
import { saesOf } from '../edits/open-edits.js'
import type { SteeringFile } from '../edits/read-steering-file.js'
import { writtenLayers } from '../edits/whole-row.js'
import type { EffectReport } from '../effects/check-effects.js'
import type { SteeringRecord } from './with-steering.js'

// of more rows the first are shown
const mostLines = 100

/** One line for each row, as the header of a run shows it; of many rows the first, and how many there are. */
export function editLines(file: SteeringFile, rows: readonly ScaledRow[]): string[] {
  const left = rows.length - mostLines
  const lines = rows.slice(0, mostLines).map((scaled) => {
    const { row, edit } = scaled
    const note = row.description ? ` (${cut(row.description)})` : ''
    const conditions = [
      row.random_direction === undefined ? '' : `, in random direction ${row.random_direction}`,
      edit.head === undefined ? '' : ` in head ${edit.head}`,
      edit.positions === undefined ? '' : `, at ${describeSelection(edit.positions)}`,
      edit.condition === undefined
        ? ''
        : `, where latent ${edit.condition.latent}${edit.condition.sae === edit.sae ? '' : ` of ${nameOf(edit.condition.sae)}`} is above ${edit.condition.above}`,
    ].join('')
    return `${file.path}:${row.line}: ${whatOf(scaled)}${note}, ${row.sae_release} ${row.sae_id}, at ${writtenPlaces(edit.sae)}${conditions}`
  })
  return left > 0 ? [...lines, `${file.path}: and ${left} rows more`] : lines
}

function whatOf({ row, edit, unit }: ScaledRow): string {
  const { latent_idx: latent, steering_coefficient: given, clamp_value: threshold, refuse_id: set } = row
  const value = unit === null ? String(given) : `${given} x ${unit.unit} = ${Number(edit.coefficient.toPrecision(6))}`
  switch (edit.action) {
    case 'add':
      return `add ${value} x latent ${latent}`
    case 'add_latent':
      return `add ${value} to latent ${latent}`
    case 'clamp':
      return `clamp latent ${latent} to ${value}`
    case 'clamp_active':
      return `clamp latent ${latent} to ${value} where it is active`
    case 'clamp_above':
      return `clamp latent ${latent} to ${value} where it is above ${threshold}`
    case 'clamp_refusal':
      return `clamp latent ${set} to ${value} where latent ${latent} is above ${threshold}`
    case 'scale':
      return `scale latent ${latent} by ${value}`
    case 'ablate':
      return `ablate latent ${latent}`
    case 'project_clamp':
      return `clamp the projection on latent ${latent} to ${value}`
    case 'project_scale':
      return `scale the projection on latent ${latent} by ${value}`
    case 'project_cap':
      return `cap the projection on latent ${latent} at ${value}`
  }
}

/** What results.json records of the steering: enough to trace and to repeat the run. */
export async function steeringRecord(
  file: SteeringFile,
  rows: readonly ScaledRow[],
  semantics: string,
  check: EffectReport,
): Promise<SteeringRecord> {
  return {
    csv_path: file.cellPath ?? file.path,
    ...(file.cellPath === undefined ? {} : { source_csv: file.path }),
    csv_sha256: file.sha256,
    semantics,
    rows: rows.map(({ row, edit, unit }) => ({
      ...row,
      ...(row.positions === undefined ? {} : { positions: row.positions.text }),
      ...(row.skip_positions === undefined ? {} : { skip_positions: row.skip_positions.text }),
      ...writtenRecord(edit.sae),
      ...(edit.positions === undefined ? {} : { acts_at: describeSelection(edit.positions) }),
      ...(unit === null
        ? {}
        : { unit: unit.unit, unit_statistic: unit.statistic, unit_source: unit.source, coefficient: edit.coefficient }),
    })),
    saes: await Promise.all([...saesOf(rows)].map(saeRecord)),
    check,
  }
}

/** What results.json records of an SAE. */
export async function saeRecord(sae: SaeFile): Promise<object> {
  const { release, id } = sae.reference
  const { architecture, dIn, dSae, foldedFactor, hookPoint, hookPointOut, modelName } = sae.config
  return {
    sae_release: release,
    sae_id: id,
    architecture,
    d_in: dIn,
    d_sae: dSae,
    ...writtenRecord(sae),
    ...(hookPoint === hookPointOut ? {} : { reads: hookPoint }),
    model_name: modelName,
    ...(foldedFactor === 1 ? {} : { norm_factor: foldedFactor }),
    files: await sae.files(),
  }
}

/** Every hook point that a latent writes to, in order. */
function writtenHookPoints(sae: SaeFile): string[] {
  return writtenLayers(sae).map(({ config }) => config.hookPointOut)
}

function writtenPlaces(sae: SaeFile): string {
  const names = writtenHookPoints(sae)
  if (names.length === 1) return names[0]!
  const layers = names.map((name) => parseHookPoint(name).layer ?? 0)
  const isRange = names.length > 2 && layers.at(-1)! - layers[0]! === names.length - 1
  return isRange ? `${names[0]} to ${names.at(-1)}` : names.join(', ')
}

function writtenRecord(sae: SaeFile): object {
  const names = writtenHookPoints(sae)
  return { hook_point: names[0], ...(names.length === 1 ? {} : { hook_points: names }) }
}

function nameOf({ reference }: SaeFile): string {
  return `${reference.release} ${reference.id}`
}
