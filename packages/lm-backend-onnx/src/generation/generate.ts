import type { Forward } from '../forward/forward.js'
import type { HiddenStates } from '../forward/hidden-states.js'
import type { KvCache } from '../forward/kv-cache.js'
import type { ReadyEdits } from '../forward/layer-range.js'
import { int64, type Layout, tokenFeeds } from '../forward/layout.js'
import { type MaskedIds, textLayout } from '../forward/pass-layout.js'
import { joinMasks } from '../forward/token-masks.js'
import { bodyNames } from '../graph/body-inputs.js'
import type { TokenCounts } from '../scoring/score.js'
import { type Choosing, chooseTokens } from './choose-tokens.js'

/** One prompt to continue. */
export interface Prompt {
  readonly ids: readonly number[]
  /** New tokens at most. */
  readonly maxNewTokens: number
  /** Called after every token with all new ids so far; true ends this row. */
  readonly isDone: (newIds: readonly number[]) => boolean
}

export interface GenerateOptions extends Choosing {
  /** One source of random numbers per prompt, so that a row's text does not depend on its batch. */
  readonly uniform: (prompt: number) => () => number
  readonly signal?: AbortSignal | undefined
  /** Tokens computed are added to it, new ones that are read also to those requested. */
  readonly counts?: TokenCounts
  /** Called after each new token (the first is 1) with how many rows got one, and how many of these ended with it. */
  readonly onStep?: (token: number, rows: number, ended: number) => void
}

// a shorter beginning is computed with each row: it is not worth a pass of its own
const shortestShared = 16
// tokens of a shared beginning that go into one pass
const chunk = 512
// room for new tokens that is reserved at once
const roomAtOnce = 64

/**
 * Continues a batch of prompts token by token. What all prompts begin with is computed once; the KV cache stays on the device, in
 * memory that each token is written into; rows that have ended leave the batch. Returns the new ids of each prompt, the one that
 * ended it included. Every row is computed as if it were alone: padding is masked and positions are its own.
 */
export async function generateBatch(
  forward: Forward,
  edits: ReadyEdits,
  prompts: readonly Prompt[],
  options: GenerateOptions,
): Promise<number[][]> {
  const generated: number[][] = prompts.map(() => [])
  const uniform = prompts.map((_, index) => options.uniform(index))
  const isOver = (prompt: number) => {
    const { maxNewTokens, isDone } = prompts[prompt]!
    const newIds = generated[prompt]!
    return newIds.length >= maxNewTokens || (newIds.length > 0 && isDone(newIds))
  }
  let written = 0
  /** Draws one token for each row that is not over; says which rows are over then. */
  const extend = async (hidden: HiddenStates, rows: readonly number[], over: boolean[]) => {
    const live = over.filter((isDone) => !isDone).length
    const texts = rows.map((prompt, row) => {
      if (over[row]) return null
      const { ids, maxNewTokens } = prompts[prompt]!
      const [promptLength, maxLength] = [ids.length, ids.length + maxNewTokens]
      return { ids: [...ids, ...generated[prompt]!], promptLength, maxLength, uniform: uniform[prompt]! }
    })
    const tokens = await chooseTokens(forward, hidden, options, texts).finally(hidden.dispose)
    rows.forEach((prompt, row) => {
      if (over[row]) return
      generated[prompt]!.push(tokens[row]!)
      over[row] = isOver(prompt)
    })
    const left = over.filter((isDone) => !isDone).length
    options.onStep?.(++written, live, live - left)
  }

  let rows = prompts.flatMap(({ maxNewTokens }, prompt) => (maxNewTokens > 0 ? [prompt] : []))
  if (rows.length === 0) return generated
  let cache: KvCache | null = null
  try {
    const { hidden, columns, filled } = await prefill(forward, edits, prompts, rows, options)
    cache = filled
    let over = rows.map(() => false)
    await extend(hidden, rows, over)

    let capacity = 0
    for (let step = 0; !over.every(Boolean); step++) {
      options.signal?.throwIfAborted()
      const at = columns + step
      const live = over.flatMap((isDone, row) => (isDone ? [] : [row]))
      const leaves = live.length <= 0.75 * rows.length
      if (leaves || at >= capacity) {
        const left = Math.max(...live.map((row) => prompts[rows[row]!]!.maxNewTokens - generated[rows[row]!]!.length))
        capacity = Math.max(capacity, at + Math.min(left, Math.max(roomAtOnce, at >> 1)))
        const before: KvCache = cache
        cache = forward.cache.reserve(before, live, capacity)
        before.dispose()
        rows = live.map((row) => rows[row]!)
        over = rows.map(() => false)
      }
      const texts = rows.map((prompt): Text => ({ ...prompts[prompt]!, newIds: generated[prompt]! }))
      const layout = decodeLayout(forward, edits, rows, texts, { columns, capacity, step, over })
      await extend(forward.decode(edits, layout, cache, at), rows, over)
    }
    if (options.counts) {
      const written = generated.reduce((sum, { length }) => sum + Math.max(0, length - 1), 0)
      options.counts.requested += written
      options.counts.computed += written
    }
    return generated
  } finally {
    cache?.dispose()
  }
}

/** Computes the prompts. The cache, which the caller owns, is padded on the right to `columns`; hidden states are those of the last tokens. */
async function prefill(
  forward: Forward,
  edits: ReadyEdits,
  prompts: readonly Prompt[],
  rows: readonly number[],
  { counts, signal }: GenerateOptions,
): Promise<{ readonly hidden: HiddenStates; readonly columns: number; readonly filled: KvCache }> {
  const texts = rows.map((prompt) => {
    const { ids } = prompts[prompt]!
    return { ids, masks: forward.masks(edits, prompt, { ids, promptLength: ids.length }) }
  })
  const shared = sharedBeginning(texts)
  let past: KvCache | null = null
  try {
    for (let from = 0; from < shared; from += chunk) {
      signal?.throwIfAborted()
      const to = Math.min(shared, from + chunk)
      const before: KvCache | null = past
      past = forward.cache.make(1, to)
      const layout = textLayout(forward.spec, [slice(texts[0]!, from, to)], from)
      const run = forward.body(edits, layout, [0], { past: before, keep: past })
      before?.dispose()
      run.dispose()
      await run.ready
    }
    if (past !== null && rows.length > 1) {
      const columns = Array.from({ length: shared }, (_, column) => column)
      const one: KvCache = past
      past = forward.cache.pick(one, Array(rows.length).fill(0), columns)
      one.dispose()
    }
    const rest = texts.map((text) => slice(text, shared, text.ids.length))
    const layout = textLayout(forward.spec, rest, shared)
    const gather = rest.map(({ ids }, row) => row * layout.columns + ids.length - 1)
    const filled = forward.cache.make(rows.length, shared + layout.columns)
    const hidden = forward.body(edits, layout, gather, { past, keep: filled })
    if (counts) {
      counts.computed += shared + rest.reduce((sum, { ids }) => sum + ids.length, 0)
    }
    return { hidden, columns: shared + layout.columns, filled }
  } finally {
    past?.dispose()
  }
}

function slice({ ids, masks }: MaskedIds, from: number, to: number): MaskedIds {
  return { ids: ids.slice(from, to), masks: masks?.slice(from, to) ?? null }
}

/** Tokens that all texts begin with, equal in masks too; each text keeps one of its own. */
export function sharedBeginning(texts: readonly MaskedIds[]): number {
  const first = texts[0]!
  let length = Math.min(...texts.map(({ ids }) => ids.length)) - 1
  for (const { ids, masks } of texts) {
    let at = 0
    while (at < length && ids[at] === first.ids[at] && masks?.[at] === first.masks?.[at]) at++
    length = at
  }
  return length >= shortestShared && texts.length > 1 ? length : 0
}

interface Text {
  readonly ids: readonly number[]
  readonly newIds: readonly number[]
}

/**
 * The last new token of each row, after prompts padded to `columns` and the tokens of `step` earlier steps. Rows that are over go on with
 * theirs at its place, since there may be none after it, and are not read.
 */
function decodeLayout(
  forward: Forward,
  edits: ReadyEdits,
  prompts: readonly number[],
  texts: readonly Text[],
  { columns, capacity, step, over }: { columns: number; capacity: number; step: number; over: readonly boolean[] },
): Layout {
  const rows = texts.length
  // the token's own key is in the cache, or comes after it
  const isInside = forward.form.decoding === 'graph_writes'
  const [keys, own] = isInside ? [capacity, columns + step] : [capacity + 1, capacity]
  const keyPositions = new BigInt64Array(rows * keys)
  const mask = new Uint8Array(rows * keys)
  texts.forEach(({ ids }, row) => {
    const start = row * keys
    mask.fill(1, start, start + ids.length)
    mask.fill(1, start + columns, start + columns + step)
    mask[start + own] = 1
    for (let key = 0; key < ids.length; key++) keyPositions[start + key] = BigInt(key)
    for (let earlier = 0; earlier < step; earlier++)
      keyPositions[start + columns + earlier] = BigInt(ids.length + earlier)
    keyPositions[start + own] = BigInt(ids.length + step)
  })
  const masks = texts.map(({ ids, newIds }, row) => {
    const text = [...ids, ...newIds]
    return forward.masks(edits, prompts[row]!, { ids: text, promptLength: ids.length }, text.length - 1)
  })
  return {
    rows,
    columns: 1,
    past: capacity,
    lengths: over.map((isOver) => (isOver ? 0 : 1)),
    masks: joinMasks(masks, 1),
    feeds: tokenFeeds(forward.spec, {
      [bodyNames.tokens]: {
        dtype: 'int64',
        data: BigInt64Array.from(texts, ({ newIds }) => BigInt(newIds.at(-1)!)),
        dims: [rows, 1],
      },
      [bodyNames.positions]: {
        dtype: 'int64',
        data: BigInt64Array.from(texts, ({ ids, newIds }) => BigInt(ids.length + newIds.length - 1)),
        dims: [rows, 1],
      },
      [bodyNames.keyPositions]: { dtype: 'int64', data: keyPositions, dims: [rows, keys] },
      [bodyNames.mask]: { dtype: 'bool', data: mask, dims: [rows, 1, 1, keys] },
      [bodyNames.lengths]: int64(texts.map(() => 1)),
    }),
  }
}
