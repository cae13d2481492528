import { InputError } from '@saeval/hub'
import { type EditEffect, measureEffects, type OnnxModel } from '@saeval/lm-backend-onnx'
import { type Intervention, lowerEdits } from '@saeval/sae-core'
import { located, type OpenRow } from './open-edits.js'
import type { SteeringFile } from './read-steering-file.js'

/** What the check found, for the results file. */
export interface EffectReport {
  /** Largest |difference| of a next-token logit to the unsteered model on the check's text, row by row. */
  readonly logit_change: readonly number[]
  /** The same for all rows together. */
  readonly logit_change_together: number
  /** Lines of rows whose latent is silent on the check's text; they act where it is active. */
  readonly silent_lines: readonly number[]
  /** Lines of rows without any effect; empty unless --allow_inert_rows. */
  readonly inert_lines: readonly number[]
}

/** The text that edits are tried on: ordinary words, a number, a quotation. */
const checkText =
  'The old dog looked at the 7 children and said: "Good morning, may I walk with you to the river?" Then'

/**
 * Tries every row alone, all rows together, and all `add` rows with coefficient 0, against the unsteered model. Throws InputError naming the
 * line of a row that changes nothing, and for rows that cancel each other.
 */
export async function checkEffects(
  model: OnnxModel,
  file: SteeringFile,
  rows: readonly OpenRow[],
  together: readonly Intervention[],
  allowInert: boolean,
): Promise<EffectReport> {
  const ids = model.tokenizer.encode(checkText).slice(0, model.info.maxLength)
  const alone = await Promise.all(rows.map(({ edit }) => lowerEdits([edit])))
  const adds = rows.filter(({ edit }) => edit.action === 'add')
  const zero = await lowerEdits(adds.map(({ edit }) => ({ ...edit, coefficient: 0 })))
  const effects = await measureEffects(model, ids, [...alone, together, zero])
  const own = effects.slice(0, rows.length)
  const [all, nothing] = effects.slice(rows.length) as [EditEffect, EditEffect]
  if (nothing.acts)
    throw new Error(
      `${file.path}: adding with coefficient 0 changes the output; this is a bug in saeval, please report it`,
    )
  const inert = rows.filter((_, index) => !own[index]!.actsWhenActive)
  if (inert.length > 0 && !allowInert) throw new InputError(inert.map(({ row }) => inertMessage(file, row)).join('\n'))
  if (!all.actsWhenActive && inert.length < rows.length && !allowInert)
    throw new InputError(
      `${file.path}: the rows cancel each other: all together they do not change the output (--allow_inert_rows runs them all the same)`,
    )
  return {
    logit_change: own.map(({ change }) => change),
    logit_change_together: all.change,
    silent_lines: rows.filter((_, index) => !own[index]!.acts && own[index]!.actsWhenActive).map(({ row }) => row.line),
    inert_lines: inert.map(({ row }) => row.line),
  }
}

function inertMessage(file: SteeringFile, row: OpenRow['row']): string {
  const what = `${row.hook_action} ${row.steering_coefficient} of latent ${row.latent_idx}`
  return located(
    file,
    row,
    'steering_coefficient',
    `${what} does not change the output; take the row out, or run with --allow_inert_rows`,
  ).message
}

/** The report in one line. */
export function effectLine(rows: readonly OpenRow[], report: EffectReport): string {
  const counts = [
    `${rows.length - report.silent_lines.length - report.inert_lines.length} of ${rows.length} rows change the output of a test sentence`,
    report.silent_lines.length > 0 ? `line ${report.silent_lines.join(', ')} only where the latent is active` : '',
    report.inert_lines.length > 0 ? `line ${report.inert_lines.join(', ')} nowhere` : '',
  ].filter((part) => part !== '')
  const zero = rows.some(({ edit }) => edit.action === 'add') ? '; add with coefficient 0 does not' : ''
  return `steering check: ${counts.join(', ')} (largest logit change ${report.logit_change_together.toPrecision(3)})${zero}`
}
