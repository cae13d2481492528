import { bodyNames } from '../graph/body-inputs.js'
import type { Forward } from './forward.js'
import { freshLayout, int64, type Layout, tokenFeeds } from './layout.js'
import { type SamplingOptions, sampleToken } from './sampling.js'
import type { ReadyEdits } from './stretch.js'
import { joinMarks } from './token-marks.js'

/** One prompt to continue. */
export interface Prompt {
  readonly ids: readonly number[]
  /** New tokens at most. */
  readonly maxNewTokens: number
  /** Called after every token with all new ids so far; true ends this row. */
  readonly isDone: (newIds: readonly number[]) => boolean
}

export interface GenerateOptions {
  /** null takes the most likely token. */
  readonly sampling: SamplingOptions | null
  /** One source of random numbers per prompt, so that a row's text does not depend on its batch. */
  readonly uniform: (prompt: number) => () => number
  readonly signal?: AbortSignal | undefined
}

let caches = 0

/**
 * Continues a batch of prompts token by token with a KV cache that stays on the session's thread. Returns the new ids of each
 * prompt, the one that ended it included. Every row is computed as if it were alone: padding is masked and positions are its own.
 */
export async function generateBatch(
  forward: Forward,
  edits: ReadyEdits,
  prompts: readonly Prompt[],
  options: GenerateOptions,
): Promise<number[][]> {
  const cache = `cache.${caches++}`
  const generated: number[][] = prompts.map(() => [])
  const done = prompts.map((prompt) => prompt.maxNewTokens === 0)
  const uniform = prompts.map((_, index) => options.uniform(index))
  try {
    let layout = freshLayout(
      forward.spec,
      prompts.map((prompt) => prompt.ids),
      prompts.map(({ ids }, b) => forward.marks(edits, b, { ids, promptLength: ids.length })),
    )
    let gather = prompts.map((prompt, b) => b * layout.columns + prompt.ids.length - 1)
    for (let step = 0; !done.every(Boolean); step++) {
      options.signal?.throwIfAborted()
      const hidden = await forward.body(edits, layout, gather, { past: step === 0 ? null : cache, keep: cache })
      const { argmax, logits } = await forward.head(hidden, [], options.sampling !== null)
      prompts.forEach((prompt, b) => {
        if (done[b]) return
        const token = options.sampling === null ? argmax[b]! : sampleToken(logits[b]!, options.sampling, uniform[b]!)
        const newIds = generated[b]!
        newIds.push(token)
        done[b] = newIds.length >= prompt.maxNewTokens || prompt.isDone(newIds)
      })
      layout = nextLayout(forward, edits, prompts, generated, step + 1)
      gather = prompts.map((_, b) => b)
    }
    return generated
  } finally {
    await forward.thread.drop(`${cache}.`)
  }
}

/**
 * One new token per row after `step` generated ones. Finished rows go on with their last token at its place, since there may be none
 * after it, and are not read.
 */
function nextLayout(
  forward: Forward,
  edits: ReadyEdits,
  prompts: readonly Prompt[],
  generated: readonly (readonly number[])[],
  step: number,
): Layout {
  const rows = prompts.length
  const promptColumns = Math.max(...prompts.map((prompt) => prompt.ids.length))
  const columns = promptColumns + step
  const tokens = BigInt64Array.from(generated, (ids) => BigInt(ids.at(-1) ?? 0))
  const positions = BigInt64Array.from(prompts, ({ ids }, b) => BigInt(ids.length + generated[b]!.length - 1))
  const keyPositions = new BigInt64Array(rows * columns)
  const mask = new Uint8Array(rows * columns)
  prompts.forEach((prompt, b) => {
    for (let key = 0; key < columns; key++) {
      const padding = key >= prompt.ids.length && key < promptColumns
      keyPositions[b * columns + key] = BigInt(key < promptColumns ? key : prompt.ids.length + key - promptColumns)
      mask[b * columns + key] = padding ? 0 : 1
    }
  })
  return {
    rows,
    columns: 1,
    past: columns - 1,
    marks: joinMarks(
      prompts.map(({ ids }, b) => {
        const text = [...ids, ...generated[b]!]
        return forward.marks(edits, b, { ids: text, promptLength: ids.length }, text.length - 1)
      }),
      1,
    ),
    feeds: tokenFeeds(forward.spec, {
      [bodyNames.tokens]: { type: 'int64', data: tokens, dims: [rows, 1] },
      [bodyNames.positions]: { type: 'int64', data: positions, dims: [rows, 1] },
      [bodyNames.keyPositions]: { type: 'int64', data: keyPositions, dims: [rows, columns] },
      [bodyNames.mask]: { type: 'bool', data: mask, dims: [rows, 1, 1, columns] },
      [bodyNames.lengths]: int64(prompts.map(() => 1)),
    }),
  }
}
