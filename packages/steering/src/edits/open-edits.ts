import { type HubOptions, InputError, option, type Sentence, sentence } from '@saeval/hub'
import { basename, dirname, exists, normalize, resolve, sep } from '@saeval/hub/internal/disk'
import {
  baseModelRepository,
  findSae,
  openSae,
  type PositionSelection,
  type SaeFile,
  type Semantics,
  type SteeringEdit,
} from '@saeval/sae-core'
import { type CheckedEdit, checkEdit } from '@saeval/sae-core/internal/edits/check-edit'
import { isSameModel } from '@saeval/sae-core/internal/registry/base-models'
import { isListedRelease } from '@saeval/sae-core/internal/registry/find-sae'
import { noFolder } from '@saeval/sae-core/internal/registry/release-folder'
import type { SaeSteeredRow } from '@saeval/steering-csv'
import { atRow, inFile, located, type RowPlace } from './place-in-file.js'
import { withRandomDirections } from './random-direction.js'
import { rowPlace, type SteeringFile } from './read-steering-file.js'

/** A row with its SAE opened, and the edit of it that the row is. */
export interface OpenRow {
  readonly row: SaeSteeredRow
  readonly edit: CheckedEdit
}

export interface OpenEditsOptions {
  /** The model to be steered; SAEs that were made for another one are refused. */
  readonly baseName: string
  readonly allowOtherModel: boolean
  readonly semantics: Semantics
  /** For rows without positions of their own; everywhere by default. */
  readonly positions?: PositionSelection | null
  readonly hub: HubOptions
}

/** Opens the SAEs of all rows, each once. Throws InputError with line and column for rows that do not fit their SAE or the model. */
export async function openEdits(file: SteeringFile, options: OpenEditsOptions): Promise<OpenRow[]> {
  const saes = new Map<string, SaeFile>()
  const named = new Map<string, SaeFile>()
  const open = async (place: RowPlace, column: string, release: string, id: string) => {
    const name = JSON.stringify([release, id])
    const known = named.get(name)
    if (known !== undefined) return known
    const opened = await atRow(place, column, () => openNamedSae(file.path, release, id, options.hub))
    // one SAE by two names is one, or its rows would not read the same x
    const sae = saes.get(opened.key) ?? opened
    saes.set(sae.key, sae)
    named.set(name, sae)
    if (sae !== opened) await opened.close()
    checkModel(opened, options, (message) => located(place, column.replace('sae_id', 'sae_release'), message))
    return sae
  }
  // rows of one direction are of one SAE
  const random = new Map<string, SaeFile>()
  const directed = (sae: SaeFile, place: RowPlace, seed: number | undefined): SaeFile => {
    if (seed === undefined) return sae
    if (options.semantics !== 'direct')
      throw located(
        place,
        'random_direction',
        sentence`a random direction has no meaning with semantics=${options.semantics}, which decodes by the whole SAE; use semantics=direct`,
      )
    const key = JSON.stringify([sae.key, seed])
    const found = random.get(key) ?? withRandomDirections(sae, seed)
    random.set(key, found)
    return found
  }
  const rows: OpenRow[] = []
  try {
    for (const row of file.rows) {
      const place = rowPlace(file, row)
      const column = row.neuronpedia === undefined ? 'sae_id' : 'neuronpedia'
      const sae = directed(await open(place, column, row.sae_release, row.sae_id), place, row.random_direction)
      const otherNamed = row.condition_neuronpedia === undefined ? 'condition_sae_id' : 'condition_neuronpedia'
      const { condition_sae_release: release, condition_sae_id: id } = row
      const other = release === undefined || id === undefined ? sae : await open(place, otherNamed, release, id)
      const edit = editOf(row, sae, other, options.positions ?? null)
      rows.push({ row, edit: await inFile(file, async () => checkEdit(edit, options.semantics), [{ row, edit }]) })
    }
  } catch (error) {
    await Promise.all([...saes.values()].map((sae) => sae.close()))
    throw error
  }
  return rows
}

/** Closes the SAEs of all rows. */
export async function closeEdits(rows: readonly OpenRow[]): Promise<void> {
  await Promise.all([...saesOf(rows)].map((sae) => sae.close()))
}

/** The SAEs that rows use, those of conditions too. */
export function saesOf(rows: readonly OpenRow[]): Set<SaeFile> {
  return new Set(rows.flatMap(({ edit }) => [edit.sae, ...(edit.condition ? [edit.condition.sae] : [])]))
}

/** Throws what `complain` makes of it where an SAE was made for another model. */
export function checkModel(
  sae: SaeFile,
  { baseName, allowOtherModel }: Pick<OpenEditsOptions, 'baseName' | 'allowOtherModel'>,
  complain: (message: Sentence) => InputError,
): void {
  // SAELens' registry and the SAE's files do not always name the same model (Llama Scope R1 Distill)
  const named = [sae.config.modelName, sae.reference.model].filter((model) => model !== null)
  const models = [...new Set(named.map(baseModelRepository))]
  if (allowOtherModel || models.length === 0 || models.some((model) => isModel(model, baseName))) return
  throw complain(
    sentence`the SAE was made for ${models.join(' or ')}, not for ${baseName}; set allow_other_model=true in ${option('modelArgs')} to steer with it all the same`,
  )
}

/**
 * Whether a model is the one of a name: also in a local folder whose path ends with it, wherever the command is given, or of a repository in a folder
 * that is called as it is without the organisation.
 */
function isModel(model: string, baseName: string): boolean {
  if (isSameModel(model, baseName)) return true
  const folder = resolve(baseName)
  if (!exists(folder)) return false
  const isRepository = model.split('/').length <= 2
  return `${sep}${folder}`.endsWith(normalize(`/${model}`)) || (isRepository && isSameModel(model, basename(folder)))
}

function editOf(row: SaeSteeredRow, sae: SaeFile, other: SaeFile, fallback: PositionSelection | null): SteeringEdit {
  const positions = positionsOf(row, fallback)
  return {
    sae,
    action: row.hook_action === 'clamp_cond' ? 'clamp_above' : row.hook_action,
    latent: row.latent_idx,
    coefficient: row.steering_coefficient,
    ...(row.clamp_value === null ? {} : { threshold: row.clamp_value }),
    ...(row.refuse_id === null ? {} : { setLatent: row.refuse_id }),
    ...(row.origin === 'b_dec' ? { fromDecoderBias: true } : {}),
    ...(row.head_index === undefined ? {} : { head: row.head_index }),
    ...(positions === null ? {} : { positions }),
    ...(row.condition_latent === undefined
      ? {}
      : { condition: { sae: other, latent: row.condition_latent, above: row.condition_threshold ?? 0 } }),
  }
}

/** The row's own positions; what it leaves empty comes from the model's arguments. */
function positionsOf(
  { positions, skip_positions: skip }: SaeSteeredRow,
  fallback: PositionSelection | null,
): PositionSelection | null {
  if (positions === undefined && skip === undefined) return fallback
  return {
    include: positions?.terms ?? fallback?.include ?? ['all'],
    exclude: skip?.terms ?? fallback?.exclude ?? [],
  }
}

/** Opens the SAE that a CSV names. Throws InputError that says where a folder was looked for too, where the release is no repository either. */
export async function openNamedSae(csvPath: string, release: string, id: string, hub: HubOptions): Promise<SaeFile> {
  const reference = findSae(release, id)
  try {
    return await openSae(reference, hub)
  } catch (cause) {
    const isFolderName = 'repository' in reference.place && !isListedRelease(release)
    if (!isFolderName || !(cause instanceof Error)) throw cause
    const message = `${cause.message} (${noFolder(dirname(csvPath), release)})`
    throw InputError.isInstance(cause) ? new InputError(message, { cause }) : new Error(message, { cause })
  }
}
