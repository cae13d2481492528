import { InputError, option, sentence } from '@saeval/hub'
import type { MeasuredNumbers, SteerableModel } from '@saeval/language-model'
import type { EditAction, SaeFile } from '@saeval/sae-core'
import type { CheckedEdit } from '@saeval/sae-core/internal/edits/check-edit'
import { checkHead } from '@saeval/sae-core/internal/edits/lower-edits'
import type { Unit } from '@saeval/steering-csv'
import type { Feature } from './features-file.js'
import { LargestActivations } from './largest-activations.js'
import { measuredOnce } from './measured-once.js'
import type { OpenRow } from './open-edits.js'
import { atRow, located } from './place-in-file.js'
import { rowPlace, type SteeringFile } from './read-steering-file.js'
import { type MeasuredHead, wholeLengths, wholeRowLength, writtenLayers } from './whole-row.js'

/** What a coefficient was multiplied by. */
export interface CoefficientUnit {
  readonly unit: Exclude<Unit, 'absolute'>
  readonly statistic: number
  /** Where the statistic is from. */
  readonly source: string
}

/** A row whose coefficient is in the SAE's own scale. */
export interface ScaledRow extends OpenRow {
  /** null for absolute coefficients. */
  readonly unit: CoefficientUnit | null
}

export interface UnitOptions {
  /** For rows that name no unit. */
  readonly unit: Unit
  readonly features: { readonly path: string; readonly features: readonly Feature[] } | null
  readonly model: SteerableModel
  /** What is known of the model's activations. */
  readonly measured?: MeasuredNumbers | undefined
}

/**
 * Turns coefficients in natural units into plain ones:
 *
 *     max_activation   c * the largest activation of the latent that is added or set
 *     residual_norm    c * mean |x| / |W_dec[latent]|, so that the added vector is c times as long as the mean activation at its hook
 *                      point; for project_clamp and project_cap, whose direction has length 1, c * mean |x|. Of a latent that writes to
 *                      several layers x and W_dec[latent] are those of all of them, one after the other.
 */
export async function scaleCoefficients(
  file: SteeringFile,
  rows: readonly OpenRow[],
  options: UnitOptions,
): Promise<ScaledRow[]> {
  const { features, unit: fallback } = options
  if (features !== null && !rows.some(({ row }) => (row.unit ?? fallback) === 'max_activation'))
    throw new InputError(
      sentence`${option('modelArgs')}: features_path=${features.path} has no effect: no row has the unit max_activation; add unit=max_activation, or leave it out`,
    )
  const reading = rows.filter(({ row, edit }) => isRead(edit, row.unit ?? fallback) && row.max_activation === undefined)
  const largest = features === null ? null : new LargestActivations(features, file.path, reading)
  const scaled: ScaledRow[] = []
  for (const open of rows) {
    const unit = await unitOf(file, open, options, largest)
    const coefficient = open.edit.coefficient * (unit?.statistic ?? 1)
    scaled.push({ row: open.row, edit: { ...open.edit, coefficient }, unit })
  }
  // the arguments of a sweep are of all its cells
  if (file.cellPath === undefined) checkUse(scaled, reading, options)
  return scaled
}

/** Throws InputError for arguments that no row has used. */
function checkUse(rows: readonly ScaledRow[], reading: readonly OpenRow[], { unit, features }: UnitOptions): void {
  if (features !== null && reading.length === 0)
    throw new InputError(
      sentence`${option('modelArgs')}: features_path=${features.path} has no effect: every row has a max_activation of its own or is a plain factor; leave it out`,
    )
  if (unit !== 'absolute' && !rows.some((scaled) => scaled.row.unit === undefined && scaled.unit !== null))
    throw new InputError(
      sentence`${option('modelArgs')}: unit=${unit} has no effect: every row has a unit of its own or is a plain factor; leave it out`,
    )
}

/** Whether a row's coefficient is in the units of a latent's largest activation. */
function isRead({ action }: CheckedEdit, unit: Unit): boolean {
  return unit === 'max_activation' && !isFactor(action) && !isLength(action)
}

/** Factors and the nothing of ablate have no unit. */
function isFactor(action: EditAction): boolean {
  return action === 'scale' || action === 'ablate' || action === 'project_scale'
}

/** Lengths along a direction. */
function isLength(action: EditAction): boolean {
  return action === 'project_clamp' || action === 'project_cap'
}

async function unitOf(
  file: SteeringFile,
  { row, edit }: OpenRow,
  options: UnitOptions,
  largest: LargestActivations | null,
): Promise<CoefficientUnit | null> {
  const place = rowPlace(file, row)
  if (isFactor(edit.action)) return null
  const unit = row.unit ?? options.unit
  if (row.max_activation !== undefined && unit !== 'max_activation')
    throw located(
      place,
      'max_activation',
      `a max_activation has no meaning for the unit ${unit}; set the unit max_activation, or leave the cell empty`,
    )
  if (unit === 'absolute') return null
  const wrong = (message: string) => located(place, 'unit', message)
  if (unit === 'residual_norm') {
    if (edit.action !== 'add' && !isLength(edit.action))
      throw wrong(
        `residual_norm measures activations, and ${edit.action} sets a latent; use max_activation or absolute`,
      )
    const hookPoints = writtenLayers(edit.sae).map(({ config }) => config.hookPointOut)
    const head = headOf(edit, options.model)
    const measuredOf = ['mean norm', ...hookPoints, ...(head === null ? [] : [`head ${head.head}`])]
    const [norm] = await measuredOnce(options.model, measuredOf, options.measured, () =>
      atRow(place, 'sae_id', () => meanNorm(options.model, edit.sae, head)),
    )
    if (norm === undefined)
      throw wrong(
        `residual_norm is measured from the second token of a text on, and the model takes ${options.model.info.maxLength} only; set a larger max_length, or use absolute`,
      )
    const length = edit.action === 'add' ? await wholeRowLength(edit.sae, edit.latent, head) : 1
    const inHead = edit.head === undefined ? '' : ` in head ${edit.head}`
    if (length === 0) throw located(place, 'latent_idx', `the decoder row of latent ${edit.latent} is zero${inHead}`)
    const where = hookPoints.length === 1 ? hookPoints[0] : `${hookPoints[0]} to ${hookPoints.at(-1)} together`
    const source = `mean |x| = ${norm.toPrecision(6)} at ${where}${inHead} over saeval's text`
    return { unit, statistic: norm / length, source }
  }
  if (isLength(edit.action))
    throw wrong(`${edit.action} sets a length along a direction, not an activation; use absolute or residual_norm`)
  // the latent that is set, which of clamp_refusal is not the one that is watched
  const latent = edit.setLatent ?? edit.latent
  const path = options.features?.path ?? null
  const known =
    row.max_activation ??
    (largest && (await atRow(place, 'max_activation', async () => largest.of(row, edit.sae, latent))))
  if (known === null) {
    const where =
      path === null
        ? sentence`give a max_activation column, or a features_path in ${option('modelArgs')}`
        : `${path} has none; give a max_activation column`
    throw located(
      place,
      'max_activation',
      sentence`unit max_activation needs the largest activation of latent ${latent}: ${where}`,
    )
  }
  if (!(known > 0 && Number.isFinite(known)))
    throw located(
      place,
      'max_activation',
      `the largest activation of latent ${latent} is ${known}, expected a positive number`,
    )
  return { unit, statistic: known, source: row.max_activation === undefined ? path! : 'column max_activation' }
}

/** The head that a row changes, which is all that it measures. Throws EditError where the model lacks it. */
export function headOf(edit: CheckedEdit, { dHead }: SteerableModel): MeasuredHead | null {
  checkHead(edit, dHead)
  return edit.head === undefined ? null : { head: edit.head, dHead: dHead! }
}

/** Plain prose of about 150 tokens: what residual_norm is measured on. Changing it changes results in that unit. */
const measuredText = [
  'The library opened at nine, and by half past there were already people at the long tables: a student with a stack of',
  'chemistry books, two old men reading the same newspaper, and a girl who copied maps into a notebook. "Which river is',
  'this?" asked the librarian. "The Danube," she said, "it is 2,850 kilometres long." Outside, rain fell on the square;',
  'buses stopped, doors opened and closed, and somebody ran for the last seat. In the afternoon the sun came back. The',
  'students compared their answers, corrected three mistakes, and went home before the shops shut.',
].join(' ')

/** Mean length (`wholeLengths`) of the unsteered model's activations over that text, leaving out special tokens and the first one; nothing where none is left. */
async function meanNorm(model: SteerableModel, sae: SaeFile, head: MeasuredHead | null): Promise<readonly number[]> {
  const ids = model.tokenizer.encode(measuredText).slice(0, model.info.maxLength)
  // the first token's activations are far larger than all others in many models
  const counted = ids.map((id, at) => at > 0 && !model.tokenizer.specialIds.has(id))
  const tokens = counted.filter(Boolean).length
  if (tokens === 0) return []
  const lengths = await wholeLengths(model.steer([]), ids, sae, head)
  return [lengths.reduce((sum, length, at) => sum + (counted[at] ? length : 0), 0) / tokens]
}
