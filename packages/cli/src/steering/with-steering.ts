import { InputError } from '@saeval/hub'
import { type AnswerPart, type LanguageModel, samePlan } from '@saeval/language-model'
import { type OnnxModel, SelectionError } from '@saeval/lm-backend-onnx'
import { describeSelection, type PositionSelection } from '@saeval/sae-core'
import { actingOf } from './acting.js'
import type { Trial } from './check-effects.js'
import { located, type RowPlace } from './place-in-file.js'

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
  model: OnnxModel,
  { edits, record, selecting, trial, allowInert }: SteeringDescription,
): LanguageModel {
  const inRows =
    <Given extends unknown[], Answer>(method: (...given: Given) => Promise<Answer>) =>
    (...given: Given) =>
      method(...given).catch((cause: unknown) => {
        throw cause instanceof SelectionError ? inRow(cause, selecting) : cause
      })
  const readInRows =
    <Requests, Answer>(read: (requests: Requests) => Promise<AnswerPart<Answer>>) =>
    async (requests: Requests) => {
      const ask = await read(requests)
      return samePlan(ask, inRows(ask))
    }
  const { inParts } = model
  return {
    get info() {
      const { tokens, line, acted, problem } = actingOf(model, trial, allowInert)
      const steering = { ...record, rows: record.rows.map((row, index) => ({ ...row, acted_tokens: tokens[index] })) }
      return {
        ...model.info,
        edits,
        acted,
        ...(line === null ? {} : { notes: [line] }),
        ...(problem === null ? {} : { problem }),
        provenance: { ...model.info.provenance, steering },
      }
    },
    chatTemplate: model.chatTemplate,
    fingerprint: model.fingerprint,
    loglikelihood: inRows(model.loglikelihood),
    loglikelihoodRolling: inRows(model.loglikelihoodRolling),
    generateUntil: inRows(model.generateUntil),
    inParts: {
      loglikelihood: readInRows(inParts.loglikelihood),
      loglikelihoodRolling: readInRows(inParts.loglikelihoodRolling),
      generateUntil: readInRows(inParts.generateUntil),
    },
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
