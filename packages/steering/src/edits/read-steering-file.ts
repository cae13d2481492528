import { InputError, option, sentence } from '@saeval/hub'
import { dirname, fileState, readBytes, sha256 } from '@saeval/hub/internal/disk'
import { formatProblems, parseSteeringCsv, type SaeSteeredRow, type SteeredRow } from '@saeval/steering-csv'
import { neuronpediaRows } from './neuronpedia-rows.js'
import type { RowPlace } from './place-in-file.js'

/** The rows of a steering CSV and which file they are from. */
export interface SteeringFile<Row = SaeSteeredRow> {
  readonly path: string
  readonly sha256: string
  readonly rows: readonly Row[]
  /** Columns that mean nothing to saeval. */
  readonly ignoredColumns: readonly string[]
  /** In a sweep: what the cell varies ("coefficient -10"). Path and lines are those of the CSV that the user wrote. */
  readonly setting?: string
  /** In a sweep: the CSV that was made for the cell, whose bytes sha256 is of; null where it is not written yet. */
  readonly cellPath?: string | null
}

/** Where a row stands, for messages. */
export function rowPlace({ path, setting }: SteeringFile, { line }: Pick<SaeSteeredRow, 'line'>): RowPlace {
  return { path, line, ...(setting === undefined ? {} : { entry: setting }) }
}

/** Reads csv_path: a CSV, or features of Neuronpedia (.json). Throws one InputError that lists every problem with its line and column. */
export async function readSteeringFile(path: string): Promise<SteeringFile> {
  if (/\.json$/i.test(path)) {
    const bytes = await readSteeringBytes('csv_path', path)
    return { path, sha256: hashOf(bytes), rows: neuronpediaRows(path, bytes), ignoredColumns: [] }
  }
  const { csv, ...file } = await readCsv('csv_path', path)
  if (csv.dialect === 'steered')
    throw new InputError(
      sentence`${path}:1: the columns are those of the model "steered"; run it with ${option('model')} steered ${option('modelArgs')} pretrained=…,steer_path=${path}, or give latent_idx, steering_coefficient, sae_release and sae_id`,
    )
  return { ...file, rows: csv.rows }
}

/** Reads a CSV of vectors, of either dialect. Throws InputError as readSteeringFile does. */
export async function readVectorsCsv(
  path: string,
): Promise<
  | { readonly dialect: 'steered'; readonly file: SteeringFile<SteeredRow> }
  | { readonly dialect: 'sae_steered_beta'; readonly file: SteeringFile }
> {
  const { csv, ...file } = await readCsv('steer_path', path)
  return csv.dialect === 'steered'
    ? { dialect: csv.dialect, file: { ...file, rows: csv.rows } }
    : { dialect: csv.dialect, file: { ...file, rows: csv.rows } }
}

/** What a CSV of sae_steered_beta is told that is given as steer_path. */
export function otherDialect(path: string): InputError {
  return new InputError(
    sentence`${path}:1: the columns are those of the model "sae_steered_beta"; run it with ${option('model')} sae_steered_beta ${option('modelArgs')} base_name=…,csv_path=${path}, or give loader, sparse_model, hookpoint, feature_index and steering_coefficient`,
  )
}

async function readCsv(argument: string, path: string) {
  const bytes = await readSteeringBytes(argument, path)
  const csv = parseSteeringCsv(bytes, { folder: dirname(path) })
  if (!csv.success) throw new InputError(formatProblems(path, csv.problems))
  const ignoredColumns = csv.warnings.flatMap(({ column }) => column ?? [])
  return { path, sha256: hashOf(bytes), ignoredColumns, csv }
}

function hashOf(bytes: Uint8Array): string {
  const hash = sha256()
  hash.update(bytes)
  return hash.hex()
}

/** A model's weights are no steering file; and a text cannot be longer than 512 MB. */
const mostBytes = 5e8

/** The bytes of a steering file; InputError that names the argument where it cannot be read or is above 500 MB. */
export async function readSteeringBytes(argument: string, path: string): Promise<Uint8Array> {
  const refused = (why: string, cause?: unknown) => new InputError(`cannot read ${argument} ${path}: ${why}`, { cause })
  try {
    // a pipe or a device need not end
    const stats = await fileState(path)
    if (stats.isFile() && stats.size > mostBytes)
      throw refused(`it has ${(stats.size / 1e6).toFixed(0)} MB, and such a file has at most ${mostBytes / 1e6} MB`)
    if (stats.isFile()) return await readBytes(path)
    throw refused(
      stats.isDirectory() ? 'it is a folder' : 'it is a pipe or a device; write what comes from it to a file',
    )
  } catch (cause) {
    if (InputError.isInstance(cause)) throw cause
    const { code, message } = cause as { code?: string; message: string }
    throw refused(code === 'ENOENT' ? 'no such file' : message, cause)
  }
}
