import { InputError } from '@saeval/hub'
import type { SelectionError, SteerableModel } from '@saeval/language-model'
import { describeSelection, type PositionTerm } from '@saeval/sae-core'
import type { LoweredSteering } from '@saeval/steering'
import { answerMargins, type ChangedAnswer } from './changed-answers.js'
import { type PositionGroup, positionGroups } from './position-groups.js'
import { type ShapleyParts, shapley } from './shapley.js'

type Edit = LoweredSteering['rows'][number]['edit']

export interface SplitOptions {
  /** Of sampled orders. */
  readonly seed: number
  readonly signal?: AbortSignal | undefined
  /** How much is done, from 0 to 1. */
  readonly onProgress?: (share: number) => void
}

/** The margins of changed answers under parts of a steering. */
class PartialMargins {
  readonly #lowered: LoweredSteering
  readonly #signal: AbortSignal | undefined

  constructor(lowered: LoweredSteering, signal: AbortSignal | undefined) {
    this.#lowered = lowered
    this.#signal = signal
  }

  /** With these rows only, and nowhere at these positions. Rows that then act at no token of any answer are left out. */
  async of(
    model: SteerableModel,
    rows: readonly number[],
    without: readonly PositionTerm[],
    answers: readonly ChangedAnswer[],
  ): Promise<number[]> {
    let edits = rows.map((row) => exceptAt(this.#lowered.rows[row]!.edit, without))
    for (;;) {
      this.#signal?.throwIfAborted()
      const view = model.steer(edits.length === 0 ? [] : await this.#lowered.lowerEdits(edits))
      try {
        return await answerMargins(view, answers, this.#signal)
      } catch (cause) {
        if (!isSelectionError(cause)) throw cause
        const nowhere = describeSelection(cause.selection)
        const left = edits.filter(
          ({ positions }) => positions === undefined || describeSelection(positions) !== nowhere,
        )
        if (left.length === edits.length) throw cause
        edits = left
      }
    }
  }
}

/** Splits the change of each answer's margin over the rows: what each adds, over all orders of rows. One list of parts for each answer. */
export async function splitOverRows(
  base: SteerableModel,
  lowered: LoweredSteering,
  answers: readonly ChangedAnswer[],
  { seed, signal, onProgress }: SplitOptions,
): Promise<ShapleyParts[]> {
  const margins = new PartialMargins(lowered, signal)
  const players = lowered.rows.length
  const shared = base.shareBelow?.([lowered.interventions]) ?? base
  let done = 0
  try {
    return await shapley(
      players,
      (rows) => {
        onProgress?.(Math.min(1, done++ / (players <= 8 ? 2 ** players : 64 * players)))
        return margins.of(shared, rows, [], answers)
      },
      seed,
    )
  } finally {
    if (shared !== base) await shared.close()
  }
}

/** The positions of an answer, and what acting there adds. */
export interface PositionSplit extends ShapleyParts {
  readonly groups: readonly PositionGroup[]
}

/** Splits the change of each answer's margin over groups of positions: what the rows add by acting there, over all orders of groups. */
export async function splitOverPositions(
  base: SteerableModel,
  lowered: LoweredSteering,
  answers: readonly ChangedAnswer[],
  { seed, signal, onProgress }: SplitOptions,
): Promise<PositionSplit[]> {
  const margins = new PartialMargins(lowered, signal)
  const rows = [...lowered.rows.keys()]
  const groups = answers.map(({ before }) => positionGroups(before.context, base.tokenizer))
  // answers whose groups are at the same places are asked together
  const batches = new Map<string, number[]>()
  for (const index of answers.keys()) {
    const places = JSON.stringify(groups[index]!.map(({ term }) => term))
    batches.set(places, [...(batches.get(places) ?? []), index])
  }
  const found: PositionSplit[] = []
  let done = 0
  for (const indices of batches.values()) {
    const terms = groups[indices[0]!]!.map(({ term }) => term)
    const own = indices.map((index) => answers[index]!)
    const shared = base.shareBelow?.([lowered.interventions]) ?? base
    try {
      const parts = await shapley(
        terms.length,
        (players) =>
          margins.of(
            shared,
            players.length === 0 ? [] : rows,
            terms.filter((_, group) => !players.includes(group)),
            own,
          ),
        seed,
      )
      indices.forEach((index, at) => {
        found[index] = { ...parts[at]!, groups: groups[index]! }
      })
    } finally {
      if (shared !== base) await shared.close()
    }
    done += indices.length
    onProgress?.(done / answers.length)
  }
  return found
}

function exceptAt(edit: Edit, without: readonly PositionTerm[]): Edit {
  if (without.length === 0) return edit
  const { include, exclude } = edit.positions ?? { include: ['all'], exclude: [] }
  return { ...edit, positions: { include, exclude: [...exclude, ...without] } }
}

/** Also of a backend that has its own copy of the class. */
function isSelectionError(cause: unknown): cause is SelectionError {
  return InputError.isInstance(cause) && 'selection' in cause
}
