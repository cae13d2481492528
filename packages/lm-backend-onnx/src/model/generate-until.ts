import type { GenerateUntilRequest, RequestOptions } from '@saeval/eval-harness'
import type { BatchSize } from '../plan/token-budget.js'
import { encodeGenerationContext, type TextRules } from '../text/encode-requests.js'
import { cutAtStops, stopDetector, stopStrings } from '../text/stop-strings.js'
import type { Forward } from './forward.js'
import { generateBatch, type Prompt } from './generate.js'
import { seededUniform } from './sampling.js'
import type { SelectionCounter } from './selection-error.js'
import type { ReadyEdits } from './stretch.js'

export interface GenerateParts {
  readonly forward: Forward
  readonly rules: TextRules
  readonly edits: ReadyEdits
  readonly selected: SelectionCounter
  readonly batchSize: BatchSize
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
  const contexts = requests.map(({ context, maxGenToks }) => encodeGenerationContext(rules, context, maxGenToks))
  parts.selected.add(
    edits.selections[0]!,
    // a token of no text stands for those that will be generated
    contexts.map((ids) => forward.marks(edits, 0, { ids: [...ids, -1], promptLength: ids.length })),
  )

  for (const group of groupBySampling(requests)) {
    const items = group.map((index) => ({ index, ids: contexts[index]! })).sort((a, b) => b.ids.length - a.ids.length)
    for (const batch of planBatches(items, parts.batchSize)) {
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

/** Tokens of one batch for batch_size auto. */
const automaticTokens = 4096

/** Consecutive prompts of at most batchSize rows or padded tokens; one alone may exceed the token limit. Items come longest first. */
function planBatches<Item extends { readonly ids: readonly number[] }>(
  items: readonly Item[],
  batchSize: BatchSize,
): Item[][] {
  const batches: Item[][] = []
  for (let start = 0; start < items.length; ) {
    const longest = items[start]!.ids.length
    const automatic = Math.max(1, Math.floor(automaticTokens / longest))
    const size = typeof batchSize === 'number' ? batchSize : Math.min(automatic, batchSize.most)
    batches.push(items.slice(start, start + size))
    start += size
  }
  return batches
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
