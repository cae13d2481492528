import { type Forward, freshLayout, type ReadyEdits } from './forward.js'
import type { TokenMarks } from './token-marks.js'

/** Token ids of one input and which of the following tokens to score. */
export interface ScoringRow {
  readonly ids: readonly number[]
  /** `token` is predicted by the hidden state at `position` (0-based, below ids.length). */
  readonly predictions: readonly { readonly position: number; readonly token: number }[]
  /** Tokens of the prompt, for edits that select positions: ids.length by default. */
  readonly promptLength?: number
}

export interface ScoredRow {
  /** log P(token | ids[0..position]) per prediction, in nats, float32. */
  readonly logprobs: readonly number[]
  /** Per prediction: whether the token is the most likely one there. */
  readonly greedy: readonly boolean[]
}

/** How many rows go into one forward pass. */
export type BatchSize = { readonly rows: number } | { readonly tokens: number }

/** Tokens of one forward pass for batch_size auto on a CPU: enough to keep the matrix units busy, small enough for any machine. */
export const automaticTokens = 4096

export interface ScoreOptions {
  readonly batchSize: BatchSize
  /** Marks of each row's tokens, for edits that select positions. */
  readonly marks?: readonly (TokenMarks | null)[]
  /** Called with the indices of rows that are scored. */
  readonly onScored?: (indices: readonly number[]) => void
  readonly signal?: AbortSignal | undefined
}

/**
 * Scores rows in batches of similar length. Rows with the same ids (the choices of a multiple-choice question) are computed once,
 * and the unembedding runs only at positions with a prediction.
 */
export async function scoreRows(
  forward: Forward,
  edits: ReadyEdits,
  rows: readonly ScoringRow[],
  options: ScoreOptions,
): Promise<ScoredRow[]> {
  const scored: ScoredRow[] = new Array(rows.length)
  for (const batch of planBatches(groupRows(rows, options.marks ?? []), options.batchSize)) {
    options.signal?.throwIfAborted()
    const layout = freshLayout(
      forward.spec,
      batch.map((group) => group.ids),
      batch.map((group) => group.marks),
    )
    const gather: number[] = []
    const targets: { row: number; token: number }[] = []
    batch.forEach((group, b) => {
      const places = new Map<number, number>()
      for (const index of group.members) {
        for (const { position, token } of rows[index]!.predictions) {
          const row = places.get(position) ?? gather.push(b * layout.columns + position) - 1
          places.set(position, row)
          targets.push({ row, token })
        }
      }
    })
    const hidden = await forward.body(edits, layout, gather, { past: null, keep: null })
    const { logprobs, argmax } = await forward.head(hidden, targets)
    let next = 0
    for (const index of batch.flatMap((group) => group.members)) {
      const own = Array.from({ length: rows[index]!.predictions.length }, () => next++)
      scored[index] = {
        logprobs: own.map((target) => logprobs[target]!),
        greedy: own.map((target) => argmax[targets[target]!.row] === targets[target]!.token),
      }
    }
    options.onScored?.(batch.flatMap((group) => group.members))
  }
  return scored
}

interface RowGroup {
  readonly ids: readonly number[]
  readonly marks: TokenMarks | null
  /** Indices of the rows with these ids and marks. */
  readonly members: number[]
}

/** Rows of equal ids and marks together, longest first: a too large batch shows at once, and padding stays small. */
function groupRows(rows: readonly ScoringRow[], marks: readonly (TokenMarks | null)[]): RowGroup[] {
  const groups = new Map<string, RowGroup>()
  rows.forEach((row, index) => {
    const own = marks[index] ?? null
    const key = own === null ? row.ids.join() : `${row.ids.join()} ${own.join()}`
    const group = groups.get(key)
    if (group) group.members.push(index)
    else groups.set(key, { ids: row.ids, marks: own, members: [index] })
  })
  return [...groups.values()].sort((a, b) => b.ids.length - a.ids.length)
}

/** Consecutive items of at most batchSize rows or padded tokens; one item alone may exceed the token limit. Items come longest first. */
export function planBatches<Item extends { readonly ids: readonly number[] }>(
  items: readonly Item[],
  batchSize: BatchSize,
): Item[][] {
  const batches: Item[][] = []
  for (let start = 0; start < items.length; ) {
    const longest = items[start]!.ids.length
    const size = 'rows' in batchSize ? batchSize.rows : Math.max(1, Math.floor(batchSize.tokens / longest))
    batches.push(items.slice(start, start + size))
    start += size
  }
  return batches
}
