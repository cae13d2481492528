import { InputError, lines, option, type Sentence, sentence } from '@saeval/hub'
import type { SteerableModel } from '@saeval/language-model'
import type { Intervention } from '@saeval/sae-core'
import { located, type RowPlace } from '../edits/place-in-file.js'
import { type EditEffect, effectsByFormula, measureEffects } from './edit-effects.js'

/** One row of a steering file, ready to be tried alone. */
export interface TriedRow {
  readonly place: RowPlace
  /** "add 240 of latent 12082", for messages. */
  readonly what: string
  /** The column that holds its coefficient; null for files without columns. */
  readonly coefficientColumn: string | null
  /** Its interventions without those of other rows; made at each call, for all rows of a long file at once may be more than memory holds. */
  readonly alone: () => Promise<readonly Intervention[]>
  /** What it is compared with: the unsteered model, or the same SAEs in the stream without any edit. */
  readonly without: () => Promise<readonly Intervention[]>
  /** Whether it changes every token, where the model does not count; null where that depends on the tokens. */
  readonly isEverywhere: boolean | null
}

/** TriedRow.isEverywhere of a row's interventions: it adds a vector everywhere, or to what goes through a whole SAE. */
export function isEverywhere([intervention]: readonly Intervention[]): boolean | null {
  const { saeReplacement, phases, addend } = intervention!.stages[0]!
  if (saeReplacement !== null && phases.length === 0) return null
  return addend?.some((value) => value !== 0) ?? false
}

/** All rows of a file, and what they are together. */
export interface Trial {
  readonly path: string
  readonly rows: readonly TriedRow[]
  readonly together: readonly Intervention[]
  readonly without: readonly Intervention[]
  /** The rows that add to the stream or to a latent, with coefficient 0: they must change nothing. Empty where there are none. */
  readonly zero: readonly Intervention[]
}

/** What the check found, for the results file. */
export interface EffectReport {
  /** Largest |difference| of a next-token logit to the unsteered model on the check's text, row by row; null for rows of long files (see longFile). */
  readonly logit_change: readonly (number | null)[]
  /** The same for all rows together. */
  readonly logit_change_together: number
  /** Lines (or names) of rows whose latent is silent on the check's text; they act where it is active. */
  readonly silent_lines: readonly (number | string)[]
  /** Lines (or names) of rows without any effect; empty unless --allow_inert_rows. */
  readonly inert_lines: readonly (number | string)[]
}

/** The text that edits are tried on: ordinary words, a number, a quotation. Rows with positions act on all of it. */
const checkText =
  'The old dog looked at the 7 children and said: "Good morning, may I walk with you to the river?" Then'

// going through the model takes milliseconds for each row
const longFile = 256

/** What trying rows has shown. */
export interface TriedEffects {
  readonly report: EffectReport
  /** Which rows change nothing, or that they cancel each other, in a sentence; null where neither is so. */
  readonly inert: Sentence | null
}

/** As tryEffects; where `allowInert` is false, rows that change nothing, alone or together, are an InputError, too. */
export async function checkEffects(model: SteerableModel, trial: Trial, allowInert: boolean): Promise<EffectReport> {
  const { report, inert } = await tryEffects(model, trial)
  if (inert !== null && !allowInert) throw new InputError(inert)
  return report
}

/**
 * Tries every row alone, all rows together, and all `add` rows with coefficient 0, against the unsteered model. Throws InputError naming the
 * line of a row that makes the activations overflow, and for no rows. Of a file of more than 256 rows each is tried by its formula at its hook point, and only all
 * together in the model.
 */
export async function tryEffects(model: SteerableModel, trial: Trial): Promise<TriedEffects> {
  if (trial.rows.length === 0) throw new InputError(`${trial.path} has no row: nothing would be steered`)
  // a model whose weights are not here is asked nothing
  if ((model.info.memory?.toDownload ?? 0) > 0)
    return {
      report: { logit_change: [], logit_change_together: 0, silent_lines: [], inert_lines: [] },
      inert: null,
    }
  const { path, rows, together, without, zero } = trial
  const ids = model.tokenizer.encode(checkText).slice(0, model.info.maxLength)
  const isLong = rows.length > longFile
  const alone = isLong ? [] : await Promise.all(rows.map((row) => row.alone()))
  const baselines = isLong ? [] : await Promise.all(rows.map((row) => row.without()))
  const effects = await measureEffects(model, ids, [...alone, together, zero], [...baselines, without, []])
  const own = isLong ? await effectsByFormula(model, ids, rows) : effects.slice(0, -2)
  const [all, nothing] = effects.slice(-2) as [EditEffect, EditEffect]
  if (nothing.acts)
    throw new Error(`${path}: adding with coefficient 0 changes the output; this is a bug in saeval, please report it`)
  const overflowing = rows.filter((_, index) => Number.isNaN(own[index]!.change))
  if (overflowing.length > 0) throw new InputError(lines(firstFew(overflowing.map(overflowMessage))))
  if (Number.isNaN(all.change))
    throw new InputError(
      `${path}: all rows together make the model's activations overflow float32; lower the coefficients`,
    )
  const inert = rows.filter((_, index) => !own[index]!.actsWhenActive)
  const cancel = !all.actsWhenActive && inert.length < rows.length
  return {
    report: {
      logit_change: own.map(({ change }) => (isLong ? null : change)),
      logit_change_together: all.change,
      silent_lines: rows.filter((_, index) => !own[index]!.acts && own[index]!.actsWhenActive).map(nameOf),
      inert_lines: inert.map(nameOf),
    },
    inert:
      inert.length > 0
        ? lines(firstFew(inert.map(inertMessage)))
        : cancel
          ? sentence`${path}: the rows cancel each other: all together they do not change the output (${option('allow_inert_rows')} runs them all the same)`
          : null,
  }
}

// of more rows the first are named
const mostNamed = 20

function firstFew<Name>(names: readonly Name[]): (Name | string)[] {
  const left = names.length - mostNamed
  return [...names.slice(0, mostNamed), ...(left > 0 ? [`and ${left} more`] : [])]
}

/** The first of many names, and how many there are beside them. */
export function firstOf(names: readonly (string | number)[]): string {
  return firstFew(names).join(', ')
}

function nameOf({ place }: TriedRow): number | string {
  return place.line ?? place.entry ?? place.path
}

function inertMessage({ place, what, coefficientColumn }: TriedRow): Sentence {
  const message = sentence`${what} does not change the output; take the row out, or run with ${option('allow_inert_rows')}`
  return located(place, coefficientColumn, message).sentence
}

function overflowMessage({ place, what, coefficientColumn }: TriedRow): Sentence {
  const message = `${what} makes the model's activations overflow float32, so its answers would mean nothing; lower the coefficient`
  return located(place, coefficientColumn, message).sentence
}

/** The report in one line. */
export function effectLine({ rows, zero }: Trial, report: EffectReport): string {
  if (report.logit_change.length < rows.length) return 'steering check: when the weights are here'
  const counts = [
    `${rows.length - report.silent_lines.length - report.inert_lines.length} of ${rows.length} rows change the ${rows.length > longFile ? 'activations' : 'output'} of a test sentence`,
    report.silent_lines.length > 0 ? `line ${firstOf(report.silent_lines)} only where the latent is active` : '',
    report.inert_lines.length > 0 ? `line ${firstOf(report.inert_lines)} nowhere` : '',
  ].filter((part) => part !== '')
  const nothing = zero.length > 0 ? '; add with coefficient 0 does not' : ''
  return `steering check: ${counts.join(', ')} (largest logit change ${report.logit_change_together.toPrecision(3)})${nothing}`
}
