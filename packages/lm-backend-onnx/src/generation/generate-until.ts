import { InputError } from '@saeval/hub'
import { seededUniform } from '@saeval/hub/internal/seeded-uniform'
import {
  defaultSeed,
  type GenerateUntilRequest,
  type PlannedWork,
  type ReadRequests,
  type RequestOptions,
} from '@saeval/language-model'
import type { ActedCounter } from '../forward/acted-counter.js'
import { fingerprintOf } from '../forward/fingerprint.js'
import { type ReadParts, readTexts } from '../scoring/read-requests.js'
import { encodeGenerationContext } from '../text/encode-requests.js'
import { EncodedTexts } from '../text/encoded-texts.js'
import { cutAtStops, stopDetector, stopStrings } from '../text/stop-strings.js'
import { idsAfterThinking, textAfterThinking } from '../text/thinking.js'
import { generateTexts, type Prompt } from './generate.js'
import { type GenerationGroup, GenerationWork } from './generation-work.js'
import { type LogitsProcessor, listOf, logitsProcessors } from './logits-processors.js'
import { rowLimits } from './may-join.js'
import type { ModelSettings } from './model-settings.js'
import {
  type DecodingSettings,
  newTokensLimit,
  originsLine,
  resolveSettings,
  type SettingOrigins,
} from './resolve-settings.js'
import type { SettingsBeside, WritingSetting } from './settings-beside.js'
import { promptTokens, sharedBeginnings } from './shared-beginnings.js'

export interface GenerateParts extends Omit<ReadParts, 'edits'> {
  /** Counts the tokens at which the model's edits act. */
  readonly acted: ActedCounter
  /** Settings that are asked the same texts; absent where nobody says so. */
  readonly beside?: SettingsBeside | undefined
  /** What the model's files say about generating. */
  readonly modelSettings: ModelSettings
  /** Told which settings of the files count. */
  readonly onOrigins: (origins: SettingOrigins) => void
  /** Told, in a line, what the user should know. */
  readonly notice: (line: string) => void
}

/** A request as it is carried out. */
interface EncodedPrompt {
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

/**
 * Reads lm_eval's generate_until requests; answers are the text after the context, cut at the first stop string. Throws InputError where
 * the model has no room for a context; an answer's SelectionError is as that of ScorePart.
 */
export function readGenerateUntil(
  parts: GenerateParts,
  requests: readonly GenerateUntilRequest[],
): ReadRequests<GenerateUntilRequest> {
  const { rules, counts, forward, encoded = new EncodedTexts() } = parts
  if (forward.cannotWrite !== null && requests.length > 0) throw new InputError(forward.cannotWrite)
  const settingsOf = requestSettings(parts)
  const prompts = requests.map((request): EncodedPrompt => {
    const { context, maxGenToks } = request
    const { ids, truncated } = encoded.once(request, [context, maxGenToks], () =>
      encodeGenerationContext(rules, context, maxGenToks),
    )
    if (truncated) counts.truncated++
    if (maxGenToks > 0) counts.tokens.requested += ids.length
    const choosing = settingsOf(request)
    const maxNewTokens = newTokensLimit(choosing.settings, ids.length, maxGenToks)
    // tasks' own limits leave room for a prompt; a file's may be anything
    if (maxNewTokens > rules.maxLength)
      throw new InputError(
        `max_new_tokens ${maxNewTokens} is more than the ${rules.maxLength} tokens that the model takes; give max_new_tokens=…`,
      )
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
    prompts.map(({ ids, maxNewTokens }) => ({ ids: maxNewTokens > 1 ? [...ids, -1] : ids, promptLength: ids.length })),
    prompts.map((_, index) => [index]),
  )
  const answer = (indices: readonly number[], options: RequestOptions = {}) =>
    answerPart(parts, requests, prompts, indices, options)
  const planned = (indices: readonly number[]): PlannedWork => {
    const groups = [...groupBySettings(prompts, indices)].map(([, group]) => plannedGroup(parts, prompts, group))
    const sum = (value: (prompt: EncodedPrompt) => number) =>
      indices.reduce((all, index) => all + value(prompts[index]!), 0)
    return {
      requests: indices.length,
      requestTokens: sum(({ ids }) => ids.length),
      tokens: groups.reduce((all, { promptTokens }) => all + promptTokens, 0),
      newTokens: sum(({ maxNewTokens }) => maxNewTokens),
      work: new GenerationWork(groups).work().total,
    }
  }
  return { answer, planned }
}

/** What there is to do for requests. Tokens are one where ids are: masks can only make a shared beginning shorter. */
function plannedGroup(
  { batchSize, forward }: GenerateParts,
  encoded: readonly EncodedPrompt[],
  indices: readonly number[],
): GenerationGroup {
  const asked = indices.map((index) => encoded[index]!).filter(({ maxNewTokens }) => maxNewTokens > 0)
  const texts = asked.map(({ ids }) => ({ ids, masks: null }))
  return {
    promptTokens: promptTokens(texts, sharedBeginnings(texts, forward.continues)),
    texts: asked.length,
    most: asked.reduce((most, { maxNewTokens }) => Math.max(most, maxNewTokens), 0),
    rows: rowLimits(batchSize, forward).rows,
  }
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
  parts: GenerateParts,
  requests: readonly GenerateUntilRequest[],
  encoded: readonly EncodedPrompt[],
  indices: readonly number[],
  options: RequestOptions,
): Promise<string[]> {
  const { rules, interventions, beside, counts } = parts
  counts.selected.check()
  if (indices.length === 0) return []
  const { tokenizer } = rules
  const seed = options.seed ?? defaultSeed
  const answers = new Map<number, string>()
  const groups = [...groupBySettings(encoded, indices)]
  const work = new GenerationWork(groups.map(([, group]) => plannedGroup(parts, encoded, group)))
  const report = () => options.onWork?.(work.work())
  const thinkEnd = rules.thinkEnd ?? null
  const told = (index: number, newIds: readonly number[]) =>
    options.onTokens?.({ request: index, promptIds: encoded[index]!.ids, newIds })
  const ended = (index: number, newIds: readonly number[]) => {
    told(index, newIds)
    const text = tokenizer.decode(idsAfterThinking(newIds, thinkEnd), { skipSpecialTokens: true })
    const stops = stopStrings(requests[index]!.until, tokenizer.eos?.text ?? null)
    answers.set(index, cutAtStops(textAfterThinking(text, thinkEnd), stops))
    options.onProgress?.(answers.size, indices.length)
  }
  const drawOf = (index: number) => seed + (requests[index]!.draw ?? index)
  /** Writes a group under some settings side by side; the first is the one that is asked. */
  const write = async (choosing: RequestSettings, group: readonly number[], settings: readonly WritingSetting[]) => {
    const { temperature, endIds, processors } = choosing
    const edits = parts.forward.rowEdits(settings)
    const prompts = settings.flatMap((writing, setting) =>
      group.map((index, place): Prompt => {
        const { ids, maxNewTokens } = encoded[index]!
        const stopped = stopDetector(tokenizer, requests[index]!.until)
        return {
          ids,
          setting,
          maxNewTokens,
          isDone: (newIds) => {
            if (setting === 0) told(index, newIds)
            return endIds.has(newIds.at(-1)!) || stopped(newIds)
          },
          onEnd: (newIds) => {
            writing.texts[place] = newIds
            if (setting === 0) ended(index, newIds)
          },
        }
      }),
    )
    try {
      await generateTexts(parts.forward, edits, prompts, {
        sampling: temperature === null ? null : { ...choosing.settings, temperature },
        processors,
        limits: rowLimits(parts.batchSize, parts.forward),
        uniform: (prompt) => seededUniform(drawOf(group[prompt % group.length]!)),
        signal: options.signal,
        counts: (setting) => settings[setting]!.tokens,
        onPrompts: (tokens, setting) => {
          if (setting === 0) work.prompts(tokens)
          report()
        },
        onStep: (written) => {
          const own = written.filter(({ text }) => text < group.length)
          if (own.length > 0) work.step(own)
          report()
        },
      })
    } finally {
      edits.dispose()
    }
  }
  for (const [choosing, group] of groups) {
    const own: WritingSetting = { interventions, counter: parts.acted, tokens: counts.tokens, texts: [] }
    const { rows } = rowLimits(parts.batchSize, parts.forward)
    const count = group.length
    const writes = (settings: readonly WritingSetting[]) => {
      work.again()
      return write(choosing, group, settings)
    }
    if (beside?.hasRoom(count, rows)) {
      const texts = fingerprintOf([
        [choosing.temperature, choosing.settings],
        group.map((index) => [
          encoded[index]!.ids,
          encoded[index]!.maxNewTokens,
          requests[index]!.until,
          drawOf(index),
        ]),
      ])
      const wereKept = await beside.write(own, { texts, count, rows, signal: options.signal }, writes)
      if (wereKept) for (const [place, index] of group.entries()) ended(index, own.texts[place]!)
    } else await writes([own])
    work.next()
    report()
  }
  return indices.map((index) => answers.get(index)!)
}

/** Indices of requests that can share a batch: those whose tokens are chosen in the same way. */
function groupBySettings(
  encoded: readonly EncodedPrompt[],
  indices: readonly number[],
): Map<RequestSettings, number[]> {
  const groups = new Map<RequestSettings, number[]>()
  for (const index of indices) {
    const { choosing } = encoded[index]!
    const group = groups.get(choosing)
    if (group) group.push(index)
    else groups.set(choosing, [index])
  }
  return groups
}
