import type { KindProgress, PreparedTask } from '@saeval/eval-harness'
import type { Said } from '@saeval/hub'
import type { LanguageModel } from '@saeval/language-model'
import type { PyValue } from '@saeval/python'
import type { MissingCell } from './sweep-store.js'

/** What a sweep tells while it goes on. */
export type SweepEvent =
  | { readonly stage: 'tasks'; readonly done: number; readonly total: number }
  /** Settings that were tried on the model, before the first cell runs. */
  | { readonly stage: 'tried'; readonly done: number; readonly total: number }
  /** The cells that are to run; a cell after the first takes about `laterShare` of its work. */
  | { readonly stage: 'start'; readonly cells: readonly MissingCell[]; readonly laterShare: number }
  /** How far the cell at hand is. */
  | { readonly stage: 'cell'; readonly kinds: readonly KindProgress[] }
  /** A cell has run: its results as results.json has them, or why it failed. */
  | { readonly stage: 'finished'; readonly cell: MissingCell; readonly outcome: CellOutcome }

/** What a sweep would run: the same requests so many times. */
export interface SweepPlan {
  readonly model: LanguageModel
  readonly tasks: readonly PreparedTask[]
  readonly runs: number
}

/** How a cell came out. */
export type CellOutcome =
  | { readonly results: ReadonlyMap<string, PyValue>; readonly actedShare: number | null }
  | { readonly error: Said }
