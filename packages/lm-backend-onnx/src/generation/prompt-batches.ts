import type { BatchSize } from '../plan/token-budget.js'
import { sharedBeginning } from './generate.js'
import type { GenerationBatch } from './generation-work.js'

// rows that are decoded side by side under batch_size auto: the weights are read once for all of them
const automaticRows = 32
// memory of their caches
const cacheBytes = 2 ** 30
// tokens of the prompts of one batch
const promptTokens = 8192

/** A prompt that waits for its batch. */
export interface WaitingPrompt {
  readonly index: number
  readonly ids: readonly number[]
  readonly maxNewTokens: number
}

/** Batches of prompts, those with alike beginnings together; under auto as many as the limits above allow, at least one. */
export function promptBatches(
  prompts: readonly WaitingPrompt[],
  batchSize: BatchSize,
  bytesPerToken: number,
): WaitingPrompt[][] {
  const items = inOrder(prompts)
  const found: WaitingPrompt[][] = []
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
function inOrder(items: readonly WaitingPrompt[]): WaitingPrompt[] {
  const key = ({ ids }: WaitingPrompt) => (ids.length <= beginning ? '' : ids.slice(0, beginning).join())
  return items
    .map((item) => ({ item, key: key(item) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : b.item.ids.length - a.item.ids.length))
    .map(({ item }) => item)
}

/** What there is to do in each batch. Tokens are one where ids are: masks can only make a shared beginning shorter. */
export function generationBatches(batches: readonly (readonly WaitingPrompt[])[]): GenerationBatch[] {
  return batches.map((batch) => {
    const generated = batch.filter(({ maxNewTokens }) => maxNewTokens > 0)
    const shared = generated.length === 0 ? 0 : sharedBeginning(generated.map(({ ids }) => ({ ids, masks: null })))
    return {
      promptTokens: shared + generated.reduce((sum, { ids }) => sum + ids.length - shared, 0),
      texts: generated.length,
      most: generated.reduce((most, { maxNewTokens }) => Math.max(most, maxNewTokens), 0),
    }
  })
}
