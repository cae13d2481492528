import { InputError, option, sentence } from '@saeval/hub'
import type { LoglikelihoodRequest, SteerableModel } from '@saeval/language-model'
import type { Intervention, TokenPlace } from '@saeval/sae-core'
import type { Trial } from '../effects/check-effects.js'

/** What the checks look at. */
export interface Subject {
  /** Only `steer`, `shareBelow` and `writeBeside` of it are used, so a model that steers wrongly shows. */
  readonly base: SteerableModel
  readonly trial: Trial
  readonly text: string
  readonly ids: readonly number[]
  /** The first two thirds of the text count as its prompt, so that every kind of position selection finds tokens. */
  readonly promptLength: number
  readonly places: readonly TokenPlace[]
}

/** Tokens that are generated after the text. */
export const newTokens = 16

// each of several tokens, so that "generated" holds some
const continuations = [' The children went home.', ' The children ran ahead.', ' Then it was 12.'] as const

/** Prose with a dog, a number and a quotation, for checks without a text of their own. */
const ownText =
  'Long ago there was a good dog named Max. Every morning the dog chased a ball down the street, and at 7 a neighbour ' +
  'said: "Good morning, Max! Will you walk with us to the river?"'

/** Reads the text; saeval's own, as much of it as fits, for null. Throws InputError for one that is too short, or too long for what comes after it. */
export function subjectOf(base: SteerableModel, trial: Trial, given: string | null): Subject {
  const text = given ?? fitting(base, ownText)
  const ids = base.tokenizer.encode(text)
  if (ids.length < fewestTokens)
    throw new InputError(sentence`${option('text')} has ${ids.length} tokens; the checks need ${fewestTokens} or more`)
  if (missingRoom(base, text) > 0)
    throw new InputError(
      sentence`${option('text')} has ${ids.length} tokens, ${missingRoom(base, text)} more than there is room for in the model's ${base.info.maxLength} beside what is put after it`,
    )
  const promptLength = Math.ceil((2 * ids.length) / 3)
  const { bos, specialIds } = base.tokenizer
  const places = ids.map((id, position) => ({
    id,
    position,
    promptLength,
    isBos: id === bos?.id,
    isSpecial: specialIds.has(id),
  }))
  return { base, trial, text, ids, promptLength, places }
}

/** Each row alone, and all together where there are several. */
export async function settingsOf({
  rows,
  together,
}: Trial): Promise<readonly { readonly name: string; readonly setting: readonly Intervention[] }[]> {
  const alone: { name: string; setting: readonly Intervention[] }[] = []
  for (const { place, what, alone: setting } of rows)
    alone.push({ name: `${place.path}:${place.line ?? place.entry}: ${what}`, setting: await setting() })
  return rows.length === 1 ? alone : [...alone, { name: 'all rows together', setting: together }]
}

/** Contexts that begin alike, and those with what may come after them. */
export function requestsOf(text: string): {
  readonly contexts: readonly string[]
  readonly requests: readonly LoglikelihoodRequest[]
} {
  const contexts = [text, `${text}${continuations[0]}`, `${text}${continuations[1]}`]
  const requests = contexts.flatMap((context) =>
    continuations.map((continuation) => ({ type: 'loglikelihood' as const, context, continuation })),
  )
  return { contexts, requests }
}

const fewestTokens = 6

/** Tokens by which the longest of all inputs is longer than the model takes. */
function missingRoom({ tokenizer, info }: SteerableModel, text: string): number {
  const { contexts, requests } = requestsOf(text)
  const length = (whole: string) => tokenizer.encode(whole).length
  const longest = [
    ...contexts.map((context) => length(context) + newTokens),
    ...requests.map(({ context, continuation }) => length(context + continuation)),
  ]
  return Math.max(0, Math.max(...longest) - info.maxLength)
}

/** As many words of the text as there is room for. */
function fitting(model: SteerableModel, text: string): string {
  const words = text.split(' ')
  while (words.length > 1 && missingRoom(model, words.join(' ')) > 0) words.pop()
  return words.join(' ')
}
