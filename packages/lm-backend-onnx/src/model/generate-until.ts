import type { GenerateUntilRequest, RequestOptions } from '@saeval/eval-harness'
import type { BatchSize } from '../plan/token-budget.js'
import { encodeGenerationContext, type TextRules } from '../text/encode-requests.js'
import { cutAtStops, stopDetector, stopStrings } from '../text/stop-strings.js'
import type { Forward } from './forward.js'
import { generateBatch, type Prompt } from './generate.js'
import { seededUniform } from './sampling.js'
import type { TokenCounts } from './score.js'
import type { SelectionCounter } from './selection-error.js'
import type { ReadyEdits } from './stretch.js'

export interface GenerateParts {
  readonly forward: Forward
  readonly rules: TextRules
  readonly edits: ReadyEdits
  readonly selected: SelectionCounter
  readonly batchSize: BatchSize
  readonly endIds: ReadonlySet<number>
  /** Counts are added to it. */
  readonly counts: TokenCounts
  /** Called for each prompt whose beginning is cut. */
  readonly onTruncated: () => void
}

/** How far the text of one request is. */
export interface GeneratedTokens {
  /** Its place in the list of requests. */
  readonly request: number
  /** The prompt as the model reads it, special tokens included. */
  readonly promptIds: readonly number[]
  /** All new tokens so far, the one that ends the text included. */
  readonly newIds: readonly number[]
}

export interface GenerateUntilOptions extends RequestOptions {
  /** Called after every new token of a request, and once more with all of them before the request is answered. */
  readonly onTokens?: (generated: GeneratedTokens) => void
}

const defaultSeed = 1234

/** Answers lm_eval's generate_until requests: the text after the context, cut at the first stop string. */
export async function answerGenerateUntil(
  parts: GenerateParts,
  requests: readonly GenerateUntilRequest[],
  options: GenerateUntilOptions = {},
): Promise<string[]> {
  const { forward, rules, edits, endIds } = parts
  const { tokenizer } = rules
  const answers: string[] = new Array(requests.length)
  const seed = options.seed ?? defaultSeed
  let done = 0
  const contexts = requests.map(({ context, maxGenToks }) => {
    const { ids, truncated } = encodeGenerationContext(rules, context, maxGenToks)
    if (truncated) parts.onTruncated()
    return ids
  })
  parts.selected.add(
    edits.selections[0]!,
    // a token of no text stands for those that will be generated and read; the last one is not read
    contexts.map((ids, index) => {
      const read = requests[index]!.maxGenToks > 1 ? [...ids, -1] : ids
      return forward.marks(edits, 0, { ids: read, promptLength: ids.length })
    }),
  )

  for (const group of groupBySampling(requests)) {
    const items = inOrder(
      group.map((index) => ({ index, ids: contexts[index]!, maxNewTokens: requests[index]!.maxGenToks })),
    )
    for (const batch of batches(items, parts.batchSize, forward.cache.bytesPerToken)) {
      const first = requests[group[0]!]!
      const prompts = batch.map(({ index, ids }): Prompt => {
        const { until, maxGenToks } = requests[index]!
        const stopped = stopDetector(tokenizer, until)
        const isDone = (newIds: readonly number[]) => {
          options.onTokens?.({ request: index, promptIds: ids, newIds: [...newIds] })
          return endIds.has(newIds.at(-1)!) || stopped(newIds)
        }
        return { ids, maxNewTokens: maxGenToks, isDone }
      })
      const generated = await generateBatch(forward, edits, prompts, {
        sampling: first.doSample ? first : null,
        uniform: (row) => seededUniform(seed + (requests[batch[row]!.index]!.draw ?? batch[row]!.index)),
        signal: options.signal,
        counts: parts.counts,
      })
      batch.forEach(({ index, ids }, row) => {
        options.onTokens?.({ request: index, promptIds: ids, newIds: generated[row]! })
        const text = tokenizer.decode(generated[row]!, { skipSpecialTokens: true })
        answers[index] = cutAtStops(text, stopStrings(requests[index]!.until, tokenizer.eos?.text ?? null))
        options.onProgress?.(++done, requests.length)
      })
    }
  }
  return answers
}

// rows that write side by side under batch_size auto: the weights are read once for all of them
const automaticRows = 32
// memory of their caches
const cacheBytes = 2 ** 30
// tokens of the prompts of one batch
const promptTokens = 8192

interface Item {
  readonly index: number
  readonly ids: readonly number[]
  readonly maxNewTokens: number
}

/** Consecutive prompts; under auto as many as the limits above allow, at least one. */
function batches(items: readonly Item[], batchSize: BatchSize, bytesPerToken: number): Item[][] {
  const found: Item[][] = []
  for (let start = 0; start < items.length; ) {
    let size = 1
    let longest = 0
    let most = 0
    for (; start + size <= items.length; size++) {
      const { ids, maxNewTokens } = items[start + size - 1]!
      longest = Math.max(longest, ids.length)
      most = Math.max(most, ids.length + maxNewTokens)
      const fits =
        typeof batchSize === 'number'
          ? size <= batchSize
          : size <= Math.min(automaticRows, batchSize.most) &&
            size * most * bytesPerToken <= cacheBytes &&
            size * longest <= promptTokens
      if (!fits) break
    }
    size = Math.max(1, size - 1)
    found.push(items.slice(start, start + size))
    start += size
  }
  return found
}

// prompts that begin with as many equal tokens stand together, so that a batch computes what it shares once
const beginning = 64

/** Alike beginnings together, longer prompts first. */
function inOrder(items: Item[]): Item[] {
  const key = ({ ids }: Item) => (ids.length <= beginning ? '' : ids.slice(0, beginning).join())
  return items
    .map((item) => ({ item, key: key(item) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : b.item.ids.length - a.item.ids.length))
    .map(({ item }) => item)
}

/** Requests that can share a batch: those that sample in the same way. */
function groupBySampling(requests: readonly GenerateUntilRequest[]): number[][] {
  const groups = new Map<string, number[]>()
  requests.forEach(({ doSample, temperature, topK, topP }, index) => {
    const key = JSON.stringify(doSample ? [temperature, topK, topP] : null)
    groups.set(key, [...(groups.get(key) ?? []), index])
  })
  return [...groups.values()]
}
