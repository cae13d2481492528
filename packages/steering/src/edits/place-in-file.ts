import { InputError, sentence } from '@saeval/hub'
import { EditError, type SteeringEdit } from '@saeval/sae-core'
import type { EditField } from '@saeval/sae-core/internal/edits/edit-error'
import type { SaeSteeredRow } from '@saeval/steering-csv'

/**
 * Where a steering row stands: its file and line; files without lines have a name for each entry instead. In a sweep the entry is the cell's setting,
 * which gives the row other values.
 */
export interface RowPlace {
  readonly path: string
  readonly line?: number
  readonly entry?: string
}

/** An error that names its place already. */
class LocatedError extends InputError {}

/** "steer.csv:3, column latent_idx: …" */
export function located(
  { path, line, entry }: RowPlace,
  column: string | null,
  said: unknown,
  cause?: unknown,
): InputError {
  const at = [
    line === undefined ? path : `${path}:${line}`,
    ...(entry === undefined ? [] : [entry]),
    ...(column === null ? [] : [`column ${column}`]),
  ]
  return new LocatedError(sentence`${at.join(', ')}: ${said}`, { cause })
}

/** Names the row's place, and the column where one is known, in errors of a step that concerns the row. */
export async function atRow<Value>(place: RowPlace, column: string | null, step: () => Promise<Value>): Promise<Value> {
  try {
    return await step()
  } catch (cause) {
    if (InputError.isInstance(cause)) throw located(place, column, cause, cause)
    throw cause
  }
}

const columnOf: Readonly<Partial<Record<EditField, string>>> = {
  sae: 'sae_id',
  action: 'hook_action',
  latent: 'latent_idx',
  coefficient: 'steering_coefficient',
  threshold: 'clamp_value',
  setLatent: 'refuse_id',
  fromDecoderBias: 'origin',
  positions: 'positions',
  condition: 'condition_latent',
  above: 'condition_threshold',
  head: 'head_index',
}

/** A row, and the edit that it is. */
interface EditedRow {
  readonly row: Pick<SaeSteeredRow, 'line' | 'neuronpedia' | 'condition_neuronpedia'>
  readonly edit: SteeringEdit
}

/** The column that a field of the edit is from: a reference's, where one stands for it. */
function columnOfField(field: EditField, row: EditedRow['row'] | undefined): string | null {
  if (field === 'latent' && row?.neuronpedia !== undefined) return 'neuronpedia'
  if (field === 'condition' && row?.condition_neuronpedia !== undefined) return 'condition_neuronpedia'
  return columnOf[field] ?? null
}

/** Names file, line (of those rows whose edit it is) and column in what is wrong with an edit. */
export async function inFile<Value>(
  { path, setting }: { readonly path: string; readonly setting?: string },
  step: () => Promise<Value>,
  rows: readonly EditedRow[] = [],
): Promise<Value> {
  try {
    return await step()
  } catch (cause) {
    if (cause instanceof EditError) {
      const row = rows.find(({ edit }) => edit === cause.edit)?.row
      const place = {
        path,
        ...(row === undefined ? {} : { line: row.line }),
        ...(setting === undefined ? {} : { entry: setting }),
      }
      throw located(place, columnOfField(cause.field, row), cause, cause)
    }
    if (!InputError.isInstance(cause) || cause instanceof LocatedError) throw cause
    throw located({ path, ...(setting === undefined ? {} : { entry: setting }) }, null, cause, cause)
  }
}
