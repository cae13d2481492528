import { InputError } from '@saeval/hub'
import type {
  LoglikelihoodRequest,
  LoglikelihoodRollingRequest,
  PlannedWork,
  ReadRequests,
  RequestOptions,
  ScoredRow,
  ScoringRow,
} from '@saeval/language-model'
import type { Intervention } from '@saeval/sae-core'
import type { Forward } from '../forward/forward.js'
import type { ReadyEdits } from '../forward/ready-edits.js'
import { type MaskedText, settingSelections, type TokenMasks } from '../forward/token-masks.js'
import type { BatchSize } from '../plan/token-budget.js'
import { pairEncoder, rollingWindows, scoringWindow, type TextRules } from '../text/encode-requests.js'
import { EncodedTexts } from '../text/encoded-texts.js'
import { type ReadyToScore, readyToScore, scoreRows, scoringWork, type TokenCounts } from './score.js'
import { SelectionCounter } from './selection-counter.js'

/** What is counted over all requests that a model with its edits has read. */
export interface RequestCounts {
  /** Requests whose beginning was cut. */
  truncated: number
  readonly tokens: TokenCounts
  readonly selected: SelectionCounter
}

/** What reading takes. */
export interface ReadParts {
  readonly forward: Forward
  readonly rules: TextRules
  readonly interventions: readonly Intervention[]
  /** The interventions, ready for `forward`; who asks disposes of them. */
  readonly edits: () => ReadyEdits
  readonly batchSize: BatchSize
  /** What others who read the same requests have tokenised; by default there are none. */
  readonly encoded?: EncodedTexts | undefined
  readonly counts: RequestCounts
}

export function noRequests(): RequestCounts {
  return { truncated: 0, tokens: { requested: 0, computed: 0 }, selected: new SelectionCounter() }
}

/** Masks the tokens of requests (each the texts with these indices), and counts those requests in which a selection holds none. */
export function readTexts(
  { forward, interventions, counts }: Pick<ReadParts, 'forward' | 'interventions' | 'counts'>,
  texts: readonly MaskedText[],
  requests: readonly (readonly number[])[],
): (TokenMasks | null)[] {
  const selections = settingSelections(interventions)
  const masks = texts.map((text) => forward.masks(selections, text))
  counts.selected.add(
    selections,
    requests.map((indices) => indices.map((index) => masks[index]!)),
  )
  return masks
}

/**
 * Scores those rows of a list that have these indices; `onScored` is told each one's place among them. Throws SelectionError for a
 * selection that holds no token of any request that was read so far and not answered.
 */
export interface ScorePart {
  (indices: readonly number[], options?: RequestOptions, onScored?: (index: number) => void): Promise<ScoredRow[]>
  /** What scoring these rows takes, of how many requests. */
  planned(indices: readonly number[], requests: number): PlannedWork
}

/** Counts rows, so that they can be scored; each is a request, or `requests` holds the indices of each one's rows. */
export function readRows(
  parts: ReadParts,
  rows: readonly ScoringRow[],
  requests: readonly (readonly number[])[] = rows.map((_, index) => [index]),
): ScorePart {
  const { forward, edits, batchSize, counts } = parts
  const masks = readTexts(
    parts,
    rows.map(({ ids, promptLength = ids.length }) => ({ ids, promptLength })),
    requests,
  )
  for (const { predictions } of rows)
    counts.tokens.requested += predictions.reduce((most, { position }) => Math.max(most, position + 1), 0)
  // what was read off for the plan is there when they are scored
  const plans = new WeakMap<readonly number[], ReadyToScore>()
  const readyFor = (indices: readonly number[]) => {
    const known =
      plans.get(indices) ??
      readyToScore(
        indices.map((index) => rows[index]!),
        indices.map((index) => masks[index]!),
      )
    plans.set(indices, known)
    return known
  }
  const score = async (
    indices: readonly number[],
    options?: RequestOptions,
    onScored?: (index: number) => void,
  ): Promise<ScoredRow[]> => {
    counts.selected.check()
    if (indices.length === 0) return []
    const planned = readyFor(indices)
    const { work } = scoringWork(forward, planned)
    let done = 0
    const ready = edits()
    return scoreRows(
      forward,
      ready,
      indices.map((index) => rows[index]!),
      {
        ready: planned,
        onWork: (more) => {
          done += more
          options?.onWork?.({ done, total: Math.max(done, work) })
        },
        batchSize,
        masks: indices.map((index) => masks[index]!),
        signal: options?.signal,
        counts: counts.tokens,
        onScored: (indices) => {
          for (const index of indices) onScored?.(index)
        },
      },
    ).finally(() => ready.dispose())
  }
  const planned = (indices: readonly number[], requests: number): PlannedWork => {
    const plan = readyFor(indices)
    return { requests, requestTokens: plan.tree.requestTokens, newTokens: 0, ...scoringWork(forward, plan) }
  }
  return Object.assign(score, { planned })
}

/** Reads lm_eval's loglikelihood requests. Throws InputError for continuations that have no log-likelihood. */
export function readLoglikelihood(
  parts: ReadParts,
  requests: readonly LoglikelihoodRequest[],
): ReadRequests<LoglikelihoodRequest> {
  const { rules, encoded = new EncodedTexts(), counts } = parts
  if (rules.thinking && requests.length > 0)
    throw new InputError(
      'enable_thinking=true does not go with tasks that are scored by log-likelihood; leave it out, or ask for generating tasks only',
    )
  const encode = pairEncoder(rules)
  const rows = requests.map((request) => {
    const { context, continuation } = request
    const { row, isCut } = encoded.once(request, [context, continuation], () => {
      const { contextIds, continuationIds } = encode(context, continuation)
      const window = scoringWindow(contextIds, continuationIds, rules.maxLength)
      return { row: scoringRow(window.inputIds, window.targetIds), isCut: window.truncated > 0 }
    })
    if (isCut) counts.truncated++
    return row
  })
  const score = readRows(parts, rows)
  const answer = async (indices: readonly number[], options?: RequestOptions) => {
    let done = 0
    const scored = await score(indices, options, () => options?.onProgress?.(++done, indices.length))
    return scored.map(({ logprobs, greedy }) => ({ logprob: floatSum(logprobs), isGreedy: greedy.every(Boolean) }))
  }
  return { answer, planned: (indices) => score.planned(indices, indices.length) }
}

/** Reads lm_eval's loglikelihood_rolling requests. */
export function readLoglikelihoodRolling(
  parts: ReadParts,
  requests: readonly LoglikelihoodRollingRequest[],
): ReadRequests<LoglikelihoodRollingRequest> {
  const rows: ScoringRow[] = []
  const { rules, encoded = new EncodedTexts() } = parts
  const windows = requests.map((request) => {
    const { text } = request
    const own = encoded.once(request, [text], () =>
      rollingWindows(rules, text).map(({ inputIds, targetIds }) => scoringRow(inputIds, targetIds)),
    )
    return own.map((row) => rows.push(row) - 1)
  })
  const score = readRows(parts, rows, windows)
  const flat = new WeakMap<readonly number[], number[]>()
  const rowsOf = (indices: readonly number[]) => {
    const known = flat.get(indices) ?? indices.flatMap((index) => windows[index]!)
    flat.set(indices, known)
    return known
  }
  const answer = async (indices: readonly number[], options?: RequestOptions) => {
    const owners = indices.flatMap((index, owner) => windows[index]!.map(() => owner))
    const open = indices.map((index) => windows[index]!.length)
    let done = 0
    const scored = await score(rowsOf(indices), options, (row) => {
      if (--open[owners[row]!]! === 0) options?.onProgress?.(++done, indices.length)
    })
    const sums = indices.map(() => 0)
    scored.forEach(({ logprobs }, row) => {
      sums[owners[row]!]! += floatSum(logprobs)
    })
    return sums
  }
  return { answer, planned: (indices) => score.planned(rowsOf(indices), indices.length) }
}

/** The last targetIds.length positions of the input predict the targets. */
function scoringRow(inputIds: readonly number[], targetIds: readonly number[]): ScoringRow {
  const first = inputIds.length - targetIds.length
  return {
    ids: inputIds,
    predictions: targetIds.map((token, index) => ({ position: first + index, token })),
    promptLength: first + 1,
  }
}

/** Sums as lm_eval does, in float32, so that a sum of one equals the number. */
function floatSum(values: readonly number[]): number {
  return Math.fround(values.reduce((sum, value) => sum + value, 0))
}
