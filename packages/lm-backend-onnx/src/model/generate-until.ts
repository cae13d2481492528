import type { GenerateUntilRequest, RequestOptions } from '@saeval/eval-harness'
import type { BatchSize } from '../plan/token-budget.js'
import { encodeGenerationContext } from '../text/encode-requests.js'
import { cutAtStops, stopDetector, stopStrings } from '../text/stop-strings.js'
import { idsAfterThinking, textAfterThinking } from '../text/thinking.js'
import { generateBatch, type Prompt } from './generate.js'
import { type ReadParts, readTexts } from './read-requests.js'
import { seededUniform } from './sampling.js'

export interface GenerateParts extends ReadParts {
  /** Tokens that end a text. */
  readonly endIds: ReadonlySet<number>
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

/**
 * Reads lm_eval's generate_until requests; answers are the text after the context, cut at the first stop string. Throws InputError where
 * the model has no room for a context; an answer's SelectionError is as that of ScorePart.
 */
export function readGenerateUntil(
  parts: GenerateParts,
  requests: readonly GenerateUntilRequest[],
): (places: readonly number[], options?: GenerateUntilOptions) => Promise<string[]> {
  const { rules, counts } = parts
  const contexts = requests.map(({ context, maxGenToks }) => {
    const { ids, truncated } = encodeGenerationContext(rules, context, maxGenToks)
    if (truncated) counts.truncated++
    if (maxGenToks > 0) counts.tokens.requested += ids.length
    return ids
  })
  readTexts(
    parts,
    // a token of no text stands for those that will be generated and read; the last one is not read
    contexts.map((ids, index) => ({
      ids: requests[index]!.maxGenToks > 1 ? [...ids, -1] : ids,
      promptLength: ids.length,
    })),
    contexts.map((_, place) => [place]),
  )
  return (places, options = {}) => answerPart(parts, requests, contexts, places, options)
}

async function answerPart(
  { forward, rules, edits, batchSize, endIds, counts }: GenerateParts,
  requests: readonly GenerateUntilRequest[],
  contexts: readonly (readonly number[])[],
  places: readonly number[],
  options: GenerateUntilOptions,
): Promise<string[]> {
  counts.selected.check()
  if (places.length === 0) return []
  const { tokenizer } = rules
  const ready = await edits()
  const seed = options.seed ?? defaultSeed
  const answers = new Map<number, string>()
  for (const group of groupBySampling(requests, places)) {
    const items = inOrder(
      group.map((index) => ({ index, ids: contexts[index]!, maxNewTokens: requests[index]!.maxGenToks })),
    )
    for (const batch of batches(items, batchSize, forward.cache.bytesPerToken)) {
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
      const generated = await generateBatch(forward, ready, prompts, {
        sampling: first.doSample ? first : null,
        uniform: (row) => seededUniform(seed + (requests[batch[row]!.index]!.draw ?? batch[row]!.index)),
        signal: options.signal,
        counts: counts.tokens,
      })
      batch.forEach(({ index, ids }, row) => {
        options.onTokens?.({ request: index, promptIds: ids, newIds: generated[row]! })
        const thinkEnd = rules.thinkEnd ?? null
        const kept = idsAfterThinking(generated[row]!, thinkEnd)
        const text = textAfterThinking(tokenizer.decode(kept, { skipSpecialTokens: true }), thinkEnd)
        answers.set(index, cutAtStops(text, stopStrings(requests[index]!.until, tokenizer.eos?.text ?? null)))
        options.onProgress?.(answers.size, places.length)
      })
    }
  }
  return places.map((place) => answers.get(place)!)
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

/** Places of requests that can share a batch: those that sample in the same way. */
function groupBySampling(requests: readonly GenerateUntilRequest[], places: readonly number[]): number[][] {
  const groups = new Map<string, number[]>()
  for (const place of places) {
    const { doSample, temperature, topK, topP } = requests[place]!
    const key = JSON.stringify(doSample ? [temperature, topK, topP] : null)
    groups.set(key, [...(groups.get(key) ?? []), place])
  }
  return [...groups.values()]
}
