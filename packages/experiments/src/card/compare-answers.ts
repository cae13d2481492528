import type { PreparedTask } from '@saeval/eval-harness'
import { sha256 } from '@saeval/eval-harness/internal/results/sample-lines'
import { generationRequest } from '@saeval/eval-harness/internal/tasks/generation-config'
import { InputError } from '@saeval/hub'
import { answerAll, type GeneratedTokens, type LanguageModel, type SteerableModel } from '@saeval/language-model'
import type { CardAnswer, CardSample } from './card-samples.js'

/** How far answers are apart. */
export interface ComparedAnswers {
  /** The largest difference, in nats a token; null where no answer has a number. */
  readonly largest: number | null
  /** Texts that the card holds hashes of only, or that were sampled on another kind of device, and are other ones. */
  readonly untold: number
  /** What is beyond the tolerance, a sentence each. */
  readonly differences: readonly string[]
}

export interface CompareOptions {
  /** Nats a token. */
  readonly allowed: number
  /** Whether the model computes on the kind of device that the card was made on. */
  readonly isSameDevice: boolean
  /** The model as it answered, and what steers it. */
  readonly model: LanguageModel
  readonly steerable: SteerableModel
  readonly seed: number
}

type Asked = PreparedTask['asked'][number]
type Request = Asked['requests'][number]

/** Compares the answers to one document: log-probabilities by token, texts by the first token at which they part. */
export async function compareAnswers(
  { docId, requests }: Asked,
  told: CardSample,
  found: CardSample,
  options: CompareOptions,
): Promise<ComparedAnswers> {
  const differences: string[] = []
  let largest: number | null = null
  let untold = 0
  const measure = (deviation: number, what: string) => {
    largest = Math.max(largest ?? 0, deviation)
    // NaN is beyond everything
    if (!(deviation <= options.allowed)) differences.push(`document ${docId}: ${what}`)
  }
  if (told.answers.length !== found.answers.length || told.answers.length !== requests.length)
    return {
      largest,
      untold,
      differences: [`document ${docId}: ${told.answers.length} answers in the card, ${found.answers.length} here`],
    }
  for (const [at, request] of requests.entries()) {
    const tokens = tokensOf(request, options.steerable)
    const repeats = [told, found].map(({ answers }) => answers[at]!.length)
    if (repeats[0] !== repeats[1]) {
      differences.push(`document ${docId}: answer ${at + 1} has ${repeats[0]} texts in the card, ${repeats[1]} here`)
      continue
    }
    for (const [repeat, expected] of told.answers[at]!.entries()) {
      const actual = found.answers[at]![repeat]
      const [one, other] = [logprobOf(expected, request), actual === undefined ? null : logprobOf(actual, request)]
      if (one !== null || other !== null) {
        const deviation = one === other ? 0 : Math.abs((one ?? Number.NaN) - (other ?? Number.NaN)) / tokens
        measure(deviation, `answer ${at + 1} has log-probability ${one} in the card, ${other} here`)
        if (request.type === 'loglikelihood' && isLikeliest(expected) !== isLikeliest(actual)) {
          const [one, other] = [expected, actual].map((answer) => (isLikeliest(answer) ? '' : ' not'))
          const flags = `answer ${at + 1} is${one} the likeliest text in the card, and is${other} here`
          measure(await nearestRival(request, options), flags)
        }
        continue
      }
      if (isSameText(expected, actual)) continue
      const isSampled = request.type === 'generate_until' && settingsOf(request).doSample
      if (!options.isSameDevice && ('sha256' in expected || isSampled)) {
        untold++
        continue
      }
      const texts = `text ${at + 1} is ${shownText(expected)} in the card, ${shownText(actual)} here`
      if (isSampled || request.type !== 'generate_until' || !('text' in expected))
        differences.push(`document ${docId}: ${texts}`)
      else measure(await lessLikely(request, expected.text, options), texts)
    }
  }
  return { largest, untold, differences }
}

function settingsOf(request: Extract<Request, { type: 'generate_until' }>) {
  return generationRequest(request.context, request.kwargs, (field, what) => new InputError(`${field} ${what}`))
}

/** Tokens that a log-probability is the sum of; 1 of texts that were written. */
function tokensOf(request: Request, { tokenizer }: SteerableModel): number {
  if (request.type === 'generate_until') return 1
  const text = request.type === 'loglikelihood' ? request.continuation : request.text
  return Math.max(1, tokenizer.encode(text, { addSpecialTokens: false }).length)
}

function logprobOf(answer: CardAnswer, { type }: Request): number | null {
  if ('logprob' in answer) return answer.logprob
  return type === 'loglikelihood_rolling' && 'text' in answer ? Number(answer.text.replace('inf', 'Infinity')) : null
}

function isSameText(expected: CardAnswer, actual: CardAnswer | undefined): boolean {
  if (actual === undefined || !('text' in actual)) return false
  if ('sha256' in expected) return sha256(actual.text) === expected.sha256
  return 'text' in expected && expected.text === actual.text
}

/** By how many nats the card's token is behind the model's own where the two texts part; infinite where the card's text just ends. */
async function lessLikely(
  request: Extract<Request, { type: 'generate_until' }>,
  expected: string,
  { model, steerable, seed }: CompareOptions,
): Promise<number> {
  const written: GeneratedTokens[] = []
  await answerAll(model, [settingsOf(request)], { seed, onTokens: (tokens) => written.push(tokens) })
  const [own] = written
  if (own === undefined) return Number.POSITIVE_INFINITY
  const { tokenizer } = steerable
  const { promptIds, newIds } = own
  const textOf = (count: number) => tokenizer.decode(newIds.slice(0, count))
  let same = 0
  while (same < newIds.length && expected.startsWith(textOf(same + 1))) same++
  // a character of several tokens is a text when its last one is there: up to where it parts, by tokens
  const rest = tokenizer.encode(expected.slice(textOf(same).length), { addSpecialTokens: false })
  let at = 0
  while (at < rest.length && same < newIds.length && rest[at] === newIds[same]) {
    at++
    same++
  }
  const [next, token] = [rest[at], newIds[same]]
  if (next === undefined || token === undefined) return Number.POSITIVE_INFINITY
  const ids = [...promptIds, ...newIds.slice(0, same)]
  const predictions = [token, next].map((token) => ({ position: ids.length - 1, token }))
  const [scored] = await steerable.scoreTokens([{ ids, predictions, promptLength: promptIds.length }])
  return Math.max(0, scored!.logprobs[0]! - scored!.logprobs[1]!)
}

function isLikeliest(answer: CardAnswer | undefined): boolean {
  return answer !== undefined && 'logprob' in answer && answer.isGreedy === true
}

/**
 * How far the token that decides a continuation's flag is from its strongest rival, in nats: the one that is least ahead of all others, or most behind. Infinite where
 * the model cannot write after the context.
 */
async function nearestRival(
  { context, continuation }: Extract<Request, { type: 'loglikelihood' }>,
  { model, steerable, seed }: CompareOptions,
): Promise<number> {
  const written: GeneratedTokens[] = []
  const ask = generationRequest(
    context,
    new Map([['max_gen_toks', 1]]),
    (field, what) => new InputError(`${field} ${what}`),
  )
  await answerAll(model, [ask], { seed, onTokens: (tokens) => written.push(tokens) })
  const [own] = written
  if (own === undefined) return Number.POSITIVE_INFINITY
  let least = Number.POSITIVE_INFINITY
  const ids = [...own.promptIds]
  for (const token of steerable.tokenizer.encode(continuation, { addSpecialTokens: false })) {
    const [logits] = await steerable.lastLogits(ids, [steerable.interventions])
    const others = logits!.reduce(
      (most, logit, id) => (id === token ? most : Math.max(most, logit)),
      Number.NEGATIVE_INFINITY,
    )
    least = Math.min(least, logits![token]! - others)
    ids.push(token)
  }
  return Math.abs(least)
}

function shownText(answer: CardAnswer | undefined): string {
  if (answer !== undefined && 'sha256' in answer) return `one with SHA-256 ${answer.sha256.slice(0, 12)}…`
  if (answer === undefined || !('text' in answer)) return 'none'
  const text = JSON.stringify(answer.text)
  return text.length > 60 ? `${text.slice(0, 60)}…"` : text
}
