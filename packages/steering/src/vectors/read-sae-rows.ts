import { lowerEdits, type SaeFile } from '@saeval/sae-core'
import { isProjection } from '@saeval/sae-core/internal/edits/projection'
import type { VectorChange } from '@saeval/sae-core/internal/edits/vector-change'
import { requireOnePlace, severalPlaces } from '../edits/one-place.js'
import { closeEdits, type OpenRow, openEdits } from '../edits/open-edits.js'
import { atRow, located } from '../edits/place-in-file.js'
import { rowPlace, type SteeringFile } from '../edits/read-steering-file.js'
import { decoderRowsOf } from './decoder-rows.js'
import { outOfOrder } from './rows-in-order.js'
import { addition, type ReadVectorsOptions, type SteeredEntry, type SteeredFile } from './steered-entry.js'

/**
 * The rows of a CSV of sae_steered_beta as vectors: those that add decoder rows, which are summed in float64 as in a run, and those along one. Throws
 * InputError with line and column for rows that read a latent, and for those whose strength is in the unit of a model or of a latent.
 */
export async function readSaeRows(file: SteeringFile, options: ReadVectorsOptions): Promise<SteeredFile> {
  const { hub } = options
  const open = await openEdits(file, { baseName: '', allowOtherModel: true, semantics: 'direct', hub })
  try {
    for (const row of open) await requireVector(file, row)
    const sums = new Map<SaeFile, OpenRow[]>()
    const entries: SteeredEntry[] = []
    const places: OpenRow[][] = []
    for (const row of open) {
      const { sae, action, head, positions } = row.edit
      const isSummed = action === 'add' && head === undefined && positions === undefined
      const rows = (isSummed ? sums.get(sae) : undefined) ?? []
      if (rows.length === 0) places.push(rows)
      rows.push(row)
      if (isSummed) sums.set(sae, rows)
    }
    for (const rows of places) entries.push(await entryOf(file, rows))
    const wrong = outOfOrder(entries)
    if (wrong !== null) throw located(wrong.entry.place, 'hook_action', `the row is no vector: ${wrong.why}`)
    const ignored = file.ignoredColumns.map((column) => `column ${column}`)
    return { path: file.path, sha256: file.sha256, entries, ignored, notices: [], modelType: null }
  } catch (error) {
    await closeEdits(open)
    throw error
  }
}

async function requireVector(file: SteeringFile, { row, edit }: OpenRow): Promise<void> {
  const place = rowPlace(file, row)
  const { sae, action, condition } = edit
  const wrong = (column: string, what: string) => located(place, column, `${what}, which no vector does`)
  if (action !== 'add' && !isProjection(action)) throw wrong('hook_action', `${action} reads a latent`)
  if (condition !== undefined) throw wrong('condition_latent', 'the row acts where a latent is above a threshold')
  if (row.unit !== undefined && row.unit !== 'absolute')
    throw located(place, 'unit', `${row.unit} is measured where the row is used; write the coefficient in absolute`)
  if (row.max_activation !== undefined) throw wrong('max_activation', 'the coefficient counts largest activations')
  const { missingFactor } = sae.config
  if (missingFactor !== null)
    throw located(
      place,
      'sae_id',
      `${missingFactor.file}: ${missingFactor.field} asks for a factor that no file of the SAE has`,
    )
  await atRow(place, 'sae_id', async () => requireOnePlace(sae, severalPlaces))
}

/** Rows that are added together, or one row. */
async function entryOf(file: SteeringFile, rows: readonly OpenRow[]): Promise<SteeredEntry> {
  const [{ row, edit }] = rows as [OpenRow]
  const { sae, head = null, fromDecoderBias = false } = edit
  const { release, id } = sae.reference
  const isOne = rows.length === 1
  return {
    ...addition(rowPlace(file, row), sae.config.hookPointOut, new Float32Array()),
    change: isOne ? await changeOf(edit) : { action: 'add', vector: await sumOf(rows), coefficient: 1 },
    ...(edit.positions === undefined ? {} : { positions: edit.positions }),
    head,
    origin: `latent ${rows.map(({ edit: { latent } }) => latent).join(', ')} of ${release} ${id}`,
    sae,
    record: { ...row, action: edit.action },
    ...(row.random_direction === undefined
      ? {
          decoderRows: decoderRowsOf(
            sae,
            rows.map(({ row: { description }, edit: { latent, coefficient } }) => ({
              latent,
              weight: isOne ? 1 : coefficient,
              description,
            })),
            fromDecoderBias,
          ),
        }
      : {}),
  }
}

async function changeOf({ sae, action, latent, coefficient, fromDecoderBias }: OpenRow['edit']): Promise<VectorChange> {
  const vector = await sae.decoderRow(latent)
  if (action !== 'project_clamp')
    return { action: action as 'add' | 'project_scale' | 'project_cap', vector, coefficient }
  return { action, vector, coefficient, origin: fromDecoderBias === true ? await sae.decoderBias() : null }
}

async function sumOf(rows: readonly OpenRow[]): Promise<Float32Array> {
  const [lowered] = await lowerEdits(rows.map(({ edit }) => edit))
  return lowered!.stages[0]!.addend!
}
