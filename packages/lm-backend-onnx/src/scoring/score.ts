import type { ScoredRow, ScoringRow } from '@saeval/language-model'
import type { Forward } from '../forward/forward.js'
import type { HiddenStates } from '../forward/hidden-states.js'
import { passLayout } from '../forward/pass-layout.js'
import { prefixCache } from '../forward/prefix-cache.js'
import type { ReadyEdits } from '../forward/ready-edits.js'
import type { TokenMasks } from '../forward/token-masks.js'
import { type Budget, type Pass, plan } from '../plan/plan.js'
import { planRows, rowTokens } from '../plan/plan-rows.js'
import { type PlanRequest, type PrefixTree, prefixTree } from '../plan/prefix-tree.js'
import { type BatchSize, fixedBudget, measuredBudget, type TokenBudget } from '../plan/token-budget.js'
import { OutOfMemory } from '../runtime/out-of-memory.js'
import type { ModelShape } from '../spec/model-spec.js'

/** How much of the work was the same. */
export interface TokenCounts {
  /** Tokens that one request at a time would have taken; of texts whose answers are kept elsewhere, those of the prompt. */
  requested: number
  /** Tokens computed. */
  computed: number
}

export interface ScoreOptions {
  readonly batchSize: BatchSize
  /** Masks of each row's tokens, for edits that select positions; tokens are one only where these are equal too. */
  readonly masks?: readonly (TokenMasks | null)[]
  /** Called with the indices of rows that are scored. */
  readonly onScored?: (indices: readonly number[]) => void
  readonly signal?: AbortSignal | undefined
  /** Tokens computed are added to it. */
  readonly counts?: Pick<TokenCounts, 'computed'>
  /** Called with the work (see Work) of each pass that is done. */
  readonly onWork?: ((work: number) => void) | undefined
  /** The rows as readyToScore has them; made anew without it. */
  readonly ready?: ReadyToScore
}

/** Rows as the planner takes them. */
export interface ReadyToScore {
  readonly requests: readonly PlanRequest[]
  readonly tree: PrefixTree
}

/** Reads off rows what they share. */
export function readyToScore(
  rows: readonly ScoringRow[],
  masks: readonly (TokenMasks | null)[] | undefined,
): ReadyToScore {
  const requests = rows.map(({ ids, predictions }, index) => ({
    ids,
    keys: masks?.[index] ?? undefined,
    reads: predictions.map(({ position }) => position),
  }))
  return { requests, tree: prefixTree(requests) }
}

/** Tokens that scoring computes, each distinct prefix once, and the work that this is; less where an earlier setting has done a part. */
export function scoringWork(
  { spec, shared }: Forward,
  ready: ReadyToScore,
): { readonly tokens: number; readonly work: number } {
  const { requests } = ready
  const tokens = computedTokens(spec, ready)
  return { tokens, work: tokens * (shared?.knows(requests) ? shared.upperShare : 1) }
}

/** Recurrent layers keep no prefix for several rows. */
function computedTokens({ rowsAreTexts }: ModelShape, { requests, tree }: ReadyToScore): number {
  return rowsAreTexts ? rowTokens(requests, tree) : tree.root.size
}

// a few rows of hidden states cost the unembedding almost as much as many: wait for more, but not for long
const headRows = 64
const headPasses = 8

interface Target {
  readonly request: number
  readonly read: number
  /** Row of the hidden states that are collected. */
  readonly row: number
  readonly token: number
}

/**
 * Scores rows: each distinct prefix is computed once, and the unembedding runs only at positions with a prediction. Where the device has no memory
 * for a pass, what is not scored yet goes on in smaller ones.
 */
export async function scoreRows(
  given: Forward,
  edits: ReadyEdits,
  rows: readonly ScoringRow[],
  options: ScoreOptions,
): Promise<ScoredRow[]> {
  const { requests, tree } = options.ready ?? readyToScore(rows, options.masks)
  const { shared, ...alone } = given
  const forward = shared?.admit(requests, computedTokens(given.spec, { requests, tree })) ? given : alone
  const scored = new Array<ScoredRow>(rows.length)
  try {
    await scoreOnce(forward, edits, rows, { ...options, ready: { requests, tree } }, (indices, row) => {
      for (const index of indices) scored[index] = row(index)
      options.onScored?.(indices)
    })
    return scored
  } catch (error) {
    if (!(error instanceof OutOfMemory)) throw error
    shared?.shrink()
    const left = [...rows.keys()].filter((index) => scored[index] === undefined)
    await scoreInto(scored, given, edits, rows, options, left)
    return scored
  }
}

/**
 * Scores rows and tells of those that are done. Two passes are under way at a time, so that the device does not wait for planning. Throws OutOfMemory
 * when later passes will be smaller.
 */
async function scoreOnce(
  forward: Forward,
  edits: ReadyEdits,
  rows: readonly ScoringRow[],
  options: ScoreOptions & { readonly ready: ReadyToScore },
  onDone: (indices: readonly number[], row: (index: number) => ScoredRow) => void,
): Promise<void> {
  const { requests, tree } = options.ready
  const { shared } = forward
  const scored = rows.map(({ predictions }) => ({
    logprobs: new Array<number>(predictions.length),
    greedy: new Array<boolean>(predictions.length),
  }))
  const open = rows.map(({ predictions }) => predictions.length)
  const done = (indices: readonly number[]) => onDone(indices, (index) => scored[index]!)
  done([...open.keys()].filter((index) => open[index] === 0))

  const budget = budgetFor(forward, options.batchSize, tree.lengths)
  let asked: Budget = budget.next()
  const next = () => {
    asked = budget.next()
    return asked
  }
  const planned = forward.spec.rowsAreTexts
    ? planRows(requests, tree, next)
    : plan(requests, tree, next, forward.cache.sharesPast)
  const tokenWork = shared?.knows(requests) ? shared.upperShare : 1
  const passes = shared ? shared.passes(requests, planned) : planned

  const prefix = prefixCache((shared?.upper ?? forward).cache)
  const unread = { hidden: [] as HiddenStates[], targets: [] as Target[], rows: 0, passes: 0 }
  // in the order of the passes, until the head has run on them
  const held: HiddenStates[] = []
  const flush = async () => {
    const { hidden, targets } = unread
    if (targets.length === 0) return
    Object.assign(unread, { hidden: [], targets: [], rows: 0, passes: 0 })
    const run = forward.head(hidden, targets)
    for (const states of held.splice(0, held.indexOf(hidden.at(-1)!) + 1)) states.dispose()
    const { logprobs, argmax } = await run
    const finished: number[] = []
    targets.forEach(({ request, read, row, token }, index) => {
      scored[request]!.logprobs[read] = logprobs[index]!
      scored[request]!.greedy[read] = argmax[row] === token
      if (--open[request]! === 0) finished.push(request)
    })
    if (finished.length > 0) done(finished)
  }
  const read = async (pass: Pass, hidden: HiddenStates) => {
    for (const answer of pass.answers) {
      const token = rows[answer.request]!.predictions[answer.read]!.token
      unread.targets.push({ ...answer, row: unread.rows + answer.row, token })
    }
    if (pass.gather.length > 0) unread.hidden.push(hidden)
    unread.rows += pass.gather.length
    if (++unread.passes >= headPasses || unread.rows >= headRows) await flush()
  }

  let before: Promise<void> = Promise.resolve()
  let doneAt = performance.now()
  let largest = 0
  try {
    for (const pass of passes) {
      options.signal?.throwIfAborted()
      largest = Math.max(largest, pass.rows * pass.columns)
      const given = asked
      const cache = prefix.cacheOf(pass)
      shared?.below(pass)
      const hidden = shared
        ? shared.body(edits, pass, cache)
        : forward.body(edits, passLayout(pass), pass.gather, cache)
      held.push(hidden)
      if (options.counts) options.counts.computed += pass.size
      if (cache.keep !== null) prefix.extend(pass)
      const last = before
      before = last.then(async () => {
        await hidden.ready
        const now = performance.now()
        budget.measured(given, pass.size, now - doneAt)
        doneAt = now
        options.onWork?.(pass.fresh * tokenWork)
        await read(pass, hidden)
      })
      before.catch(() => {})
      await last
    }
    await before
    await flush()
  } catch (error) {
    if (error instanceof OutOfMemory) forward.limits.halve(largest, forward.runtime.location, error)
    throw error
  } finally {
    prefix.dispose()
    for (const hidden of held) hidden.dispose()
  }
}

/** Scores those of the rows that have these indices. */
async function scoreInto(
  scored: ScoredRow[],
  forward: Forward,
  edits: ReadyEdits,
  rows: readonly ScoringRow[],
  { masks, onScored, ready: _, ...options }: ScoreOptions,
  indices: readonly number[],
): Promise<void> {
  const own = await scoreRows(
    forward,
    edits,
    indices.map((index) => rows[index]!),
    {
      ...options,
      ...(masks ? { masks: indices.map((index) => masks[index]!) } : {}),
      onScored: (done) => onScored?.(done.map((at) => indices[at]!)),
    },
  )
  own.forEach((row, at) => {
    scored[indices[at]!] = row
  })
}

function budgetFor({ limits }: Forward, size: BatchSize, lengths: readonly number[]): TokenBudget {
  const longest = lengths.reduce((most, length) => Math.max(most, length), 1)
  return typeof size === 'number' ? fixedBudget(size, longest, limits) : measuredBudget(size.most, longest, limits)
}
