import { type HubOptions, InputError } from '@saeval/hub'
import { baseModelRepository, findSae, isSameModel, openSae, type SaeFile, type SteeringEdit } from '@saeval/sae-core'
import type { SaeSteeredRow } from '@saeval/steering-csv'
import type { SteeringFile } from './read-steering-file.js'

/** A row with its SAE opened. */
export interface OpenRow {
  readonly row: SaeSteeredRow
  readonly edit: SteeringEdit
}

export interface OpenEditsOptions {
  /** The model to be steered; SAEs that were made for another one are refused. */
  readonly baseName: string
  readonly allowOtherModel: boolean
  readonly hub: HubOptions
}

/** Opens the SAEs of all rows, each once. Throws InputError with line and column for rows that do not fit their SAE or the model. */
export async function openEdits(file: SteeringFile, options: OpenEditsOptions): Promise<OpenRow[]> {
  const saes = new Map<string, SaeFile>()
  const rows: OpenRow[] = []
  try {
    for (const row of file.rows) {
      const key = JSON.stringify([row.sae_release, row.sae_id])
      const sae =
        saes.get(key) ??
        (await atRow(file, row, 'sae_id', () => openSae(findSae(row.sae_release, row.sae_id), options.hub)))
      saes.set(key, sae)
      checkRow(file, row, sae, options)
      rows.push({ row, edit: editOf(row, sae) })
    }
  } catch (error) {
    await Promise.all([...saes.values()].map((sae) => sae.close()))
    throw error
  }
  return rows
}

/** Closes the SAEs of all rows. */
export async function closeEdits(rows: readonly OpenRow[]): Promise<void> {
  await Promise.all([...new Set(rows.map(({ edit }) => edit.sae))].map((sae) => sae.close()))
}

function checkRow(
  file: SteeringFile,
  row: SaeSteeredRow,
  sae: SaeFile,
  { baseName, allowOtherModel }: OpenEditsOptions,
): void {
  // SAELens' registry and the SAE's files do not always name the same model (Llama Scope R1 Distill)
  const named = [sae.config.modelName, sae.reference.model].filter((model) => model !== null)
  const models = [...new Set(named.map(baseModelRepository))]
  if (!allowOtherModel && models.length > 0 && !models.some((model) => isSameModel(model, baseName))) {
    const message = `the SAE was made for ${models.join(' or ')}, not for ${baseName}; set allow_other_model=true in --model_args to steer with it all the same`
    throw located(file, row, 'sae_release', message)
  }
  for (const column of ['latent_idx', 'refuse_id'] as const) {
    const latent = row[column]
    if (latent === null || latent < sae.config.dSae) continue
    const message = `latent ${latent} is out of range: ${row.sae_release} ${row.sae_id} has latents 0 to ${sae.config.dSae - 1}`
    throw located(file, row, column, message)
  }
}

function editOf(row: SaeSteeredRow, sae: SaeFile): SteeringEdit {
  return {
    sae,
    action: row.hook_action === 'clamp_cond' ? 'clamp_above' : row.hook_action,
    latent: row.latent_idx,
    coefficient: row.steering_coefficient,
    line: row.line,
    ...(row.clamp_value === null ? {} : { threshold: row.clamp_value }),
    ...(row.refuse_id === null ? {} : { setLatent: row.refuse_id }),
  }
}

/** "steer.csv:3, column latent_idx: …" */
export function located(
  file: SteeringFile,
  row: SaeSteeredRow,
  column: string | null,
  message: string,
  cause?: unknown,
): InputError {
  return new InputError(`${file.path}:${row.line}${column === null ? '' : `, column ${column}`}: ${message}`, { cause })
}

async function atRow<Value>(
  file: SteeringFile,
  row: SaeSteeredRow,
  column: string,
  step: () => Promise<Value>,
): Promise<Value> {
  try {
    return await step()
  } catch (cause) {
    if (InputError.isInstance(cause)) throw located(file, row, column, cause.message, cause)
    throw cause
  }
}
