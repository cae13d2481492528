import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { InputError } from '@saeval/hub'
import { checkSaeName } from '@saeval/sae-core'
import { formatProblems, parseSteeringCsv, type SaeSteeredRow } from '@saeval/steering-csv'

/** The rows of a steering CSV and which file they are from. */
export interface SteeringFile {
  readonly path: string
  readonly sha256: string
  readonly rows: readonly SaeSteeredRow[]
  /** Columns that mean nothing to saeval. */
  readonly ignoredColumns: readonly string[]
}

/** Reads csv_path. Throws one InputError that lists every problem with its line and column. */
export async function readSteeringFile(path: string): Promise<SteeringFile> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(path)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw new InputError(`cannot read csv_path ${path}: ${code === 'ENOENT' ? 'no such file' : message}`, { cause })
  }
  const csv = parseSteeringCsv(bytes, { checkName: checkSaeName })
  if (!csv.success) throw new InputError(formatProblems(path, csv.problems))
  if (csv.dialect === 'steered')
    throw new InputError(
      `${path}:1: the columns are those of lm_eval's model "steered", which saeval does not have yet; sae_steered_beta needs latent_idx, steering_coefficient, sae_release and sae_id`,
    )
  return {
    path,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    rows: csv.rows,
    ignoredColumns: csv.warnings.flatMap(({ column }) => column ?? []),
  }
}
