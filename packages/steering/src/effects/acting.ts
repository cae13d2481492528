import { call, option, type Sentence, sentence } from '@saeval/hub'
import type { Counted, SteerableModel } from '@saeval/language-model'
import { firstOf, type Trial, type TriedRow } from './check-effects.js'

/** What the rows of a steering file have done to the tokens that were computed so far. */
export interface Acting {
  /** Tokens at which each row has changed something; null where that is not counted. */
  readonly tokens: readonly (number | null)[]
  /** The same in one line; null as long as nothing is computed. */
  readonly line: string | null
  /** Why the model's answers are not those of a steered one; null where a row has acted or may have, or need not. */
  readonly problem: Sentence | null
}

/** Reads what `model`, which has all rows of the file, has counted so far, and adds what was counted `before`. */
export function actingOf(model: SteerableModel, trial: Trial, allowInert: boolean, before?: Counted): Acting {
  const { tokens: all } = model.report?.() ?? {}
  const computedHere = all?.computed ?? 0
  const computed = computedHere + (before?.computed ?? 0)
  const tokens = trial.rows.map(({ isEverywhere }, row) => {
    const { [row]: earlier = 0 } = before?.acted ?? []
    if (all === undefined || model.actedTokens === undefined || earlier === null) return null
    const own = model.actedTokens.get(row) ?? (isEverywhere === null ? null : isEverywhere ? computedHere : 0)
    return own === null ? null : earlier + own
  })
  const acted = tokens.some((count) => count !== 0)
  return {
    tokens,
    line: computed === 0 ? null : actingLine(trial.rows, tokens, computed),
    problem: !acted && !allowInert ? silenceMessage(trial, computed) : null,
  }
}

// more rows than this are summed up
const fewRows = 6

function actingLine(rows: readonly TriedRow[], tokens: readonly (number | null)[], computed: number): string {
  const of = `of the ${computed} tokens computed`
  const each = rows.flatMap((row, index) => (tokens[index] === null ? [] : [`${nameOf(row)} at ${tokens[index]}`]))
  const unknown = listed('not counted', rows, (index) => tokens[index] === null)
  if (each.length === 0) return `rows acted${unknown}`
  if (rows.length <= fewRows) return `rows acted: ${each.join(', ')} ${of}${unknown}`
  const acting = tokens.filter((count): count is number => count !== null && count > 0)
  const most = acting.reduce((a, b) => Math.max(a, b), 0)
  const range = acting.length === 0 ? '' : `, at ${acting.reduce((a, b) => Math.min(a, b))} to ${most} ${of}`
  const silent = listed('at none', rows, (index) => tokens[index] === 0)
  return `rows acted: ${acting.length} of ${rows.length}${range}${silent}${unknown}`
}

function nameOf({ place }: TriedRow): string {
  return place.line === undefined ? (place.entry ?? place.path) : `line ${place.line}`
}

/** "; at none: line 2, 5, 9" for the rows that are wanted; nothing for no rows. */
function listed(what: string, rows: readonly TriedRow[], wanted: (index: number) => boolean): string {
  const names = rows.filter((_, index) => wanted(index)).map(nameOf)
  return names.length === 0 ? '' : `; ${what}: ${firstOf(names).replaceAll(', line ', ', ')}`
}

function silenceMessage({ path, rows, without }: Trial, computed: number): Sentence {
  const shown = rows.slice(0, fewRows).map((row) => `${nameOf(row)}: ${row.what}`)
  const more = rows.length > fewRows ? `; and ${rows.length - fewRows} more` : ''
  const model = without.length === 0 ? 'the unsteered model' : 'the model with its SAEs and no edit'
  const anywhere = computed === 0 ? 'any token' : `any of the ${computed} tokens computed`
  return sentence`${path}: no row has changed anything at ${anywhere} (${shown.join('; ')}${more}), so the answers are those of ${model}; take latents that are active on such texts (${call('inspect')} shows where), or an action or positions that reach them (allow_inert_rows=true in ${option('modelArgs')} runs the rows all the same)`
}
