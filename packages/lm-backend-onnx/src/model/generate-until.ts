import type { GenerateUntilRequest, RequestOptions } from '@saeval/eval-harness'
import { InputError } from '@saeval/hub'
import { type LogitsProcessor, listOf, logitsProcessors } from '../generation/logits-processors.js'
import type { ModelSettings } from '../generation/model-settings.js'
import {
  type DecodingSettings,
  newTokensLimit,
  originsLine,
  resolveSettings,
  type SettingOrigins,
} from '../generation/resolve-settings.js'
import { seededUniform } from '../generation/sampling.js'
import type { BatchSize } from '../plan/token-budget.js'
import { encodeGenerationContext } from '../text/encode-requests.js'
import { cutAtStops, stopDetector, stopStrings } from '../text/stop-strings.js'
import { idsAfterThinking, textAfterThinking } from '../text/thinking.js'
import { generateBatch, type Prompt } from './generate.js'
import { type ReadParts, readTexts } from './read-requests.js'

export interface GenerateParts extends ReadParts {
  /** What the model's files say about generating. */
  readonly modelSettings: ModelSettings
  /** Told which settings of the files count. */
  readonly onOrigins: (origins: SettingOrigins) => void
  /** Told, in a line, what the user should know. */
  readonly notice: (line: string) => void
}

/** A request as it is carried out. */
interface Reading {
  readonly ids: readonly number[]
  readonly maxNewTokens: number
  readonly choosing: RequestSettings
}

/** What requests with the same settings share. */
interface RequestSettings {
  readonly settings: DecodingSettings
  readonly processors: readonly LogitsProcessor[]
  /** Tokens that end a text. */
  readonly endIds: ReadonlySet<number>
  /** null takes the most likely token. */
  readonly temperature: number | null
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
  const { rules, counts, forward } = parts
  const settingsOf = requestSettings(parts)
  const readings = requests.map((request): Reading => {
    const { context, maxGenToks } = request
    const { ids, truncated } = encodeGenerationContext(rules, context, maxGenToks)
    if (truncated) counts.truncated++
    if (maxGenToks > 0) counts.tokens.requested += ids.length
    const choosing = settingsOf(request)
    const maxNewTokens = newTokensLimit(choosing.settings, ids.length, maxGenToks)
    const { maxPositions, maxPositionsIsHard } = forward.spec
    if (maxPositionsIsHard && ids.length + maxNewTokens - 1 > maxPositions)
      throw new InputError(
        `a prompt of ${ids.length} tokens and ${maxNewTokens} new ones are more than the model's ${maxPositions} positions`,
      )
    return { ids, maxNewTokens, choosing }
  })
  readTexts(
    parts,
    // a token of no text stands for those that will be generated and read; the last one is not read
    readings.map(({ ids, maxNewTokens }) => ({ ids: maxNewTokens > 1 ? [...ids, -1] : ids, promptLength: ids.length })),
    readings.map((_, place) => [place]),
  )
  return (places, options = {}) => answerPart(parts, requests, readings, places, options)
}

/** Settings of requests, resolved once for all that say the same; says which the model's files decide. */
function requestSettings({ rules, forward, modelSettings, onOrigins, notice }: GenerateParts) {
  const eos = rules.tokenizer.eos?.id ?? null
  const known = new Map<string, RequestSettings>()
  return (request: GenerateUntilRequest): RequestSettings => {
    const temperature = request.doSample ? request.temperature : null
    const key = JSON.stringify([temperature, request.settings ?? {}])
    let found = known.get(key)
    if (found === undefined) {
      const { settings, origins } = resolveSettings(modelSettings, request, eos)
      onOrigins(origins)
      const line = originsLine(origins, modelSettings)
      if (line !== null) notice(line)
      found = {
        settings,
        temperature,
        processors: logitsProcessors(settings, forward.spec.vocabSize),
        endIds: new Set([...listOf(settings.eos_token_id), ...(eos === null ? [] : [eos])]),
      }
      known.set(key, found)
    }
    return found
  }
}

async function answerPart(
  { forward, rules, edits, batchSize, counts }: GenerateParts,
  requests: readonly GenerateUntilRequest[],
  readings: readonly Reading[],
  places: readonly number[],
  options: GenerateUntilOptions,
): Promise<string[]> {
  counts.selected.check()
  if (places.length === 0) return []
  const { tokenizer } = rules
  const ready = await edits()
  const seed = options.seed ?? defaultSeed
  const answers = new Map<number, string>()
  for (const [{ settings, temperature, processors, endIds }, group] of groupBySettings(readings, places)) {
    const items = inOrder(group.map((index) => ({ ...readings[index]!, index })))
    for (const batch of batches(items, batchSize, forward.cache.bytesPerToken)) {
      const prompts = batch.map(({ index, ids, maxNewTokens }): Prompt => {
        const stopped = stopDetector(tokenizer, requests[index]!.until)
        const isDone = (newIds: readonly number[]) => {
          options.onTokens?.({ request: index, promptIds: ids, newIds: [...newIds] })
          return endIds.has(newIds.at(-1)!) || stopped(newIds)
        }
        return { ids, maxNewTokens, isDone }
      })
      const generated = await generateBatch(forward, ready, prompts, {
        sampling: temperature === null ? null : { ...settings, temperature },
        processors,
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

/** Places of requests that can share a batch: those whose tokens are chosen in the same way. */
function groupBySettings(readings: readonly Reading[], places: readonly number[]): Map<RequestSettings, number[]> {
  const groups = new Map<RequestSettings, number[]>()
  for (const place of places) {
    const { choosing } = readings[place]!
    const group = groups.get(choosing)
    if (group) group.push(place)
    else groups.set(choosing, [place])
  }
  return groups
}
