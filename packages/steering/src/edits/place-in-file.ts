import { InputError } from '@saeval/hub'
import { EditError, type SteeringEdit } from '@saeval/sae-core'

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
  message: string,
  cause?: unknown,
): InputError {
  const at = [
    line === undefined ? path : `${path}:${line}`,
    ...(entry === undefined ? [] : [entry]),
    ...(column === null ? [] : [`column ${column}`]),
  ]
  return new LocatedError(`${at.join(', ')}: ${message}`, { cause })
}

/** Names the row's place, and the column where one is known, in errors of a step that concerns the row. */
export async function atRow<Value>(place: RowPlace, column: string | null, step: () => Promise<Value>): Promise<Value> {
  try {
    return await step()
  } catch (cause) {
    if (InputError.isInstance(cause)) throw located(place, column, cause.message, cause)
    throw cause
  }
}

const columnOf: Readonly<Partial<Record<keyof SteeringEdit, string>>> = {
  sae: 'sae_id',
  action: 'hook_action',
  latent: 'latent_idx',
  coefficient: 'steering_coefficient',
  threshold: 'clamp_value',
  setLatent: 'refuse_id',
  fromDecoderBias: 'origin',
  positions: 'positions',
  condition: 'condition_latent',
  head: 'head_index',
}

/** A row's edit, and its line in the file. */
interface LineOfEdit {
  readonly row: { readonly line: number }
  readonly edit: SteeringEdit
}

/** Names file, line (of those rows whose edit it is) and column in what is wrong with an edit. */
export async function inFile<Value>(
  { path, setting }: { readonly path: string; readonly setting?: string },
  step: () => Promise<Value>,
  rows: readonly LineOfEdit[] = [],
): Promise<Value> {
  try {
    return await step()
  } catch (cause) {
    if (cause instanceof EditError) {
      const line = rows.find(({ edit }) => edit === cause.edit)?.row.line
      const place = {
        path,
        ...(line === undefined ? {} : { line }),
        ...(setting === undefined ? {} : { entry: setting }),
      }
      throw located(place, columnOf[cause.field] ?? null, cause.message, cause)
    }
    if (!InputError.isInstance(cause) || cause instanceof LocatedError) throw cause
    throw located({ path, ...(setting === undefined ? {} : { entry: setting }) }, null, cause.message, cause)
  }
}
