import type { Intervention, PositionSelection } from '@saeval/sae-core'
import type { ActedColumn } from '../graph/acted-columns.js'
import type { Feeds, Session } from '../runtime/runtime.js'
import type { ActedCounter } from './acted-counter.js'
import { settingSelections } from './token-masks.js'

/** Edits of a batch, ready to be used by a session: on the device, or sent with each run. */
export interface ReadyEdits {
  readonly session: Session
  /** The session of the same steps for decoding token by token; opened at the first call. */
  readonly decodeSession: () => Session
  /** The same for passes whose rows come after one row of cached tokens. */
  readonly sharedPastSession: () => Session
  readonly feeds: Feeds
  /** The position selections of each setting, one list for each batch row or one for all rows. */
  readonly selections: readonly (readonly PositionSelection[])[]
  /** Selections that the graph's mask of selected tokens has columns for; null where the graph takes no mask. */
  readonly selected: number | null
  /** Whether the graph takes the mask of tokens that count. */
  readonly counts: boolean
  /** Takes the graph's counts [rows, K] of the tokens at which edits act; null where nobody asks for them or there are none. */
  readonly acted: ((counts: Float32Array, rows: number) => void) | null
  /** Gives back what is on the device. */
  dispose(): void
}

/** A setting, and what counts the tokens at which its edits act. */
export interface CountedSetting {
  readonly interventions: readonly Intervention[]
  readonly counter: ActedCounter
}

/** Several settings in one session, any of which a batch row may have. */
export interface RowEdits {
  /** On the device, for rows of these settings (indices); the same edits for the same rows, until a few others were asked for. */
  of(rows: readonly number[]): ReadyEdits
  /** The position selections of a setting. */
  selectionsOf(setting: number): readonly PositionSelection[]
  /** Gives back what is on the device; it is packed anew where it is asked for again. */
  dispose(): void
}

/** Packed rows that are kept: those of a run change when a text joins or ends, and the rows of prompts and of steps take turns then. */
export const keptAtOnce = 4

/** Edits of rows that have any of some settings. `pack` makes those of a list of rows; one entry serves all rows where their setting is one. */
export function keptRowEdits(
  settings: readonly CountedSetting[],
  pack: (rows: readonly number[]) => ReadyEdits,
): RowEdits {
  const selections = settings.map(({ interventions }) => settingSelections(interventions))
  const kept = new Map<string, ReadyEdits>()
  return {
    of: (rows) => {
      const packed = rows.every((setting) => setting === rows[0]) ? rows.slice(0, 1) : rows
      const key = packed.join()
      const edits = kept.get(key) ?? pack(packed)
      // the one that was asked for last is forgotten last
      kept.delete(key)
      kept.set(key, edits)
      for (const [old, { dispose }] of kept) {
        if (kept.size <= keptAtOnce) break
        dispose()
        kept.delete(old)
      }
      return edits
    },
    selectionsOf: (setting) => selections[setting]!,
    dispose: () => {
      for (const { dispose } of kept.values()) dispose()
      kept.clear()
    },
  }
}

/** What adds the counts of batch rows to the counters of their settings: one for each row, or one for all; null for none. */
export function actedBy(
  counters: readonly ActedCounter[],
  columns: readonly (readonly ActedColumn[])[],
): ReadyEdits['acted'] {
  if (counters.length === 0 || columns.every(({ length }) => length === 0)) return null
  if (counters.length === 1) return (counts, rows) => counters[0]!.add(columns[0]!, counts, rows)
  return (counts, rows) => {
    const width = counts.length / rows
    for (const [row, counter] of counters.entries())
      counter.add(columns[row]!, counts.subarray(row * width, (row + 1) * width), 1)
  }
}
