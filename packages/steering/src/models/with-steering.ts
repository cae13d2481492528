import { InputError, option, sentence } from '@saeval/hub'
import { type LanguageModel, type SelectionError, type SteerableModel, wrapModel } from '@saeval/language-model'
import { internSelection, type PositionSelection } from '@saeval/sae-core'
import { located, type RowPlace } from '../edits/place-in-file.js'
import { actingOf } from '../effects/acting.js'
import type { Trial } from '../effects/check-effects.js'

/** A row and the positions it selects. */
export interface SelectingRow {
  readonly place: RowPlace
  readonly positions: PositionSelection | null
  /** Whether the positions are the row's own, not the model's arguments. */
  readonly isOwn: boolean
}

/** What results.json records of the steering, a record for each row among it. */
export interface SteeringRecord extends Readonly<Record<string, unknown>> {
  readonly rows: readonly object[]
}

export interface SteeringDescription {
  /** One line for each edit. */
  readonly edits: readonly string[]
  readonly record: SteeringRecord
  readonly selecting: readonly SelectingRow[]
  readonly trial: Trial
  /** Whether it is no problem that no row acts. */
  readonly allowInert: boolean
}

/**
 * The model with its edits, and at how many tokens they act, in its description; selections that select nothing are errors that name their
 * row.
 */
export function withSteering(
  model: SteerableModel,
  { edits, record, selecting, trial, allowInert }: SteeringDescription,
): LanguageModel {
  const inRows = <Value>(step: Promise<Value>) =>
    step.catch((cause: unknown) => {
      throw isSelectionError(cause) ? inRow(cause, selecting) : cause
    })
  return wrapModel(model, {
    info: { ...model.info, edits },
    report: (before) => {
      const counted = model.report?.() ?? {}
      const { tokens, line, problem } = actingOf(model, trial, allowInert, before)
      const steering = { ...record, rows: record.rows.map((row, index) => ({ ...row, acted_tokens: tokens[index] })) }
      return {
        ...counted,
        actedTokens: tokens,
        ...(line === null ? {} : { notes: [line] }),
        ...(problem === null ? {} : { problem }),
        provenance: { ...counted.provenance, steering },
      }
    },
    read: async (requests) => {
      const { answer, planned } = await inRows(model.read(requests))
      return {
        answer: (indices, options) => inRows(answer(indices, options)),
        ...(planned === undefined ? {} : { planned }),
      }
    },
  })
}

/** Also of a backend that has its own copy of the class. */
function isSelectionError(cause: unknown): cause is SelectionError {
  return InputError.isInstance(cause) && 'selection' in cause
}

function inRow(error: SelectionError, rows: readonly SelectingRow[]): InputError {
  const wanted = internSelection(error.selection)
  const row = rows.find(({ positions }) => positions !== null && internSelection(positions) === wanted)
  if (row === undefined) return error
  return row.isOwn
    ? located(row.place, 'positions', error, error)
    : new InputError(sentence`${option('modelArgs')}: ${error}`, { cause: error })
}
