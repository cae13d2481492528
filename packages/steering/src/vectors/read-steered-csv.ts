import type { SaeFile } from '@saeval/sae-core'
import type { SteeredRow } from '@saeval/steering-csv'
import { requireOnePlace, severalPlaces } from '../edits/one-place.js'
import { checkModel, openNamedSae } from '../edits/open-edits.js'
import { atRow, located } from '../edits/place-in-file.js'
import { otherDialect, readVectorsCsv } from '../edits/read-steering-file.js'
import { decoderRowsOf } from './decoder-rows.js'
import { readSaeRows } from './read-sae-rows.js'
import type { ReadVectorsOptions, SteeredEntry, SteeredFile } from './steered-entry.js'

/** Reads a CSV of the model `steered` with the decoder rows that it names, and where wanted one of sae_steered_beta. Throws InputError with line and column. */
export async function openSteeredCsv(path: string, options: ReadVectorsOptions): Promise<SteeredFile> {
  const csv = await readVectorsCsv(path)
  if (csv.dialect === 'sae_steered_beta') {
    if (options.takesRows) return readSaeRows(csv.file, options)
    throw otherDialect(path)
  }
  const { rows, sha256, ignoredColumns } = csv.file
  const saes = new Map<string, SaeFile>()
  const entries: SteeredEntry[] = []
  const notices = new Set<string>()
  try {
    for (const row of rows) {
      const place = { path, line: row.line }
      const { release, id, column } = saeOf(path, row)
      const key = JSON.stringify([release, id])
      const sae = saes.get(key) ?? (await atRow(place, column, () => openNamedSae(path, release, id, options.hub)))
      saes.set(key, sae)
      const { baseName } = options
      if (baseName !== null)
        checkModel(sae, { ...options, baseName }, (message) => located(place, 'sparse_model', message))
      await atRow(place, 'sparse_model', async () => requireOnePlace(sae, severalPlaces))
      const { missingFactor } = sae.config
      if (missingFactor !== null)
        notices.add(
          `${missingFactor.file}: ${missingFactor.field} asks for a factor that no file of the SAE has; its rows are taken as they are stored, as lm_eval does`,
        )
      const { dSae, hookPointOut } = sae.config
      if (row.feature_index >= dSae)
        throw located(
          place,
          'feature_index',
          `feature ${row.feature_index} is out of range: ${release} ${id} has 0 to ${dSae - 1}`,
        )
      const vector = await atRow(place, 'feature_index', () => sae.decoderRow(row.feature_index))
      entries.push({
        place,
        hookpoint: row.hookpoint ?? hookPointOut,
        change:
          row.action === 'add'
            ? { action: 'add', vector, coefficient: row.steering_coefficient }
            : {
                action: 'project_clamp',
                vector,
                coefficient: row.steering_coefficient,
                origin: await sae.decoderBias(),
              },
        keepsNorm: false,
        head: row.head_index,
        origin: `feature ${row.feature_index}${row.description ? ` (${row.description})` : ''} of ${row.sparse_model}`,
        sae,
        decoderRows: decoderRowsOf(sae, [{ latent: row.feature_index, weight: 1, description: row.description }], true),
        record: { ...row },
      })
    }
  } catch (error) {
    await Promise.all([...saes.values()].map((sae) => sae.close()))
    throw error
  }
  const ignored = ignoredColumns.map((column) => `column ${column}`)
  return { path, sha256, entries, ignored, notices: [...notices], modelType: null }
}

/** sparsify keeps the SAE of a module in a folder of its name, sae_lens names it by sae_id. */
function saeOf(path: string, row: SteeredRow): { release: string; id: string; column: string } {
  const place = { path, line: row.line }
  if (row.loader === 'sae_lens') return { release: row.sparse_model, id: row.sae_id!, column: 'sae_id' }
  if (row.sae_id !== null)
    throw located(place, 'sae_id', 'loader sparsify finds the SAE by its hookpoint; leave the cell empty')
  if (row.hookpoint === null)
    throw located(place, 'hookpoint', 'loader sparsify needs a hookpoint, the folder of the SAE, such as layers.3')
  return { release: row.sparse_model, id: row.hookpoint, column: 'hookpoint' }
}
