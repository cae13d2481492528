import type { LanguageModel } from '@saeval/eval-harness'
import { InputError } from '@saeval/hub'
import { type OnnxModel, SelectionError } from '@saeval/lm-backend-onnx'
import { describeSelection, type PositionSelection } from '@saeval/sae-core'
import { located, type RowPlace } from './place-in-file.js'

/** A row and the positions it selects. */
export interface SelectingRow {
  readonly place: RowPlace
  readonly positions: PositionSelection | null
  /** Whether the positions are the row's own, not the model's arguments. */
  readonly isOwn: boolean
}

/** The model with its edits in its description; selections that select nothing are errors that name their row. */
export function withSteering(
  model: OnnxModel,
  edits: readonly string[],
  steering: object,
  rows: readonly SelectingRow[],
): LanguageModel {
  const answer =
    <Requests, Options, Answers>(method: (requests: Requests, options: Options) => Promise<Answers>) =>
    (requests: Requests, options: Options) =>
      method(requests, options).catch((cause: unknown) => {
        throw cause instanceof SelectionError ? inRow(cause, rows) : cause
      })
  return {
    get info() {
      return { ...model.info, edits, provenance: { ...model.info.provenance, steering } }
    },
    chatTemplate: model.chatTemplate,
    ...(model.fingerprint ? { fingerprint: model.fingerprint } : {}),
    loglikelihood: answer(model.loglikelihood),
    loglikelihoodRolling: answer(model.loglikelihoodRolling),
    generateUntil: answer(model.generateUntil),
    close: model.close,
  }
}

function inRow(error: SelectionError, rows: readonly SelectingRow[]): InputError {
  const wanted = describeSelection(error.selection)
  const row = rows.find(({ positions }) => positions !== null && describeSelection(positions) === wanted)
  if (row === undefined) return error
  return row.isOwn
    ? located(row.place, 'positions', error.message, error)
    : new InputError(`--model_args: ${error.message}`, { cause: error })
}
