import { InputError } from '@saeval/hub'
import { inPartsOf, wholeLists } from '../in-parts.js'
import type { AnswerPart, GenerateUntilRequest, InParts, LanguageModel, RequestOptions } from '../language-model.js'
import { type Store, storeKey } from './store.js'

/**
 * Requests that are answered and stored together: few enough that an interrupted run loses little, enough for the model to share work.
 * Always the same ones, so that a run begun again computes the same batches.
 */
const together = 128

/** Seed of sampled generation where none is given. */
const defaultSeed = 1234

/**
 * A model that answers from a store what it has answered before, and stores what it answers as it goes. Keys hold the model's fingerprint
 * and everything of the request. Throws InputError for a model without a fingerprint.
 */
export async function cachedModel(model: LanguageModel, store: Store): Promise<LanguageModel> {
  if (model.fingerprint === undefined)
    throw new InputError('--use_cache: this model does not tell what identifies it, so its answers cannot be kept')
  const fingerprint = await model.fingerprint()
  const reading = inPartsOf(model)
  let keptAnswers = 0
  let keptActed = false

  /**
   * Answers from the store, and asks what is missing there; answers are stored as `Stored`, which the store gives back unchanged, each with whether
   * an edit had acted by then in the run that it is from.
   */
  const keeping =
    <Request, Stored>(
      method: string,
      requests: readonly Request[],
      parts: (request: Request, options: RequestOptions) => readonly unknown[],
      ask: AnswerPart<Stored>,
    ): AnswerPart<Stored> =>
    async (places, options = {}) => {
      const { onProgress = () => {}, signal } = options
      // 'acted' tells these entries from those of earlier versions, which are answers alone
      const keys = places.map((place) => storeKey([fingerprint, 'acted', method, ...parts(requests[place]!, options)]))
      const known = new Map<string, Stored>()
      for (const key of keys) {
        const found = known.has(key) ? undefined : (store.get(key) as readonly [Stored, boolean] | undefined)
        if (found === undefined) continue
        known.set(key, found[0])
        keptActed ||= found[1]
      }
      const missing = new Map<string, number>()
      for (const [index, key] of keys.entries()) {
        if (known.has(key)) keptAnswers++
        else if (!missing.has(key)) missing.set(key, places[index]!)
      }
      const left = [...missing]
      let done = places.length - left.length
      onProgress(done, places.length)
      // asked even when nothing is left: the model may refuse what it has read as a whole
      for (let from = 0; from === 0 || from < left.length; from += together) {
        signal?.throwIfAborted()
        const chunk = left.slice(from, from + together)
        const before = done
        const answers = await ask(
          chunk.map(([, place]) => place),
          { ...options, onProgress: (count) => onProgress(before + count, places.length) },
        )
        const { acted = false } = model.info
        await store.put(chunk.map(([key], index) => [key, [answers[index]!, acted]] as const))
        for (const [index, [key]] of chunk.entries()) known.set(key, answers[index]!)
        done += chunk.length
        onProgress(done, places.length)
      }
      return keys.map((key) => known.get(key)!)
    }

  const inParts: InParts = {
    loglikelihood: async (requests) => {
      const ask = await reading.loglikelihood(requests)
      const kept = keeping(
        'loglikelihood',
        requests,
        ({ context, continuation }) => [context, continuation],
        async (places, options) =>
          (await ask(places, options)).map(({ logprob, isGreedy }) => [numberText(logprob), isGreedy] as const),
      )
      return async (places, options) =>
        (await kept(places, options)).map(([logprob, isGreedy]) => ({ logprob: Number(logprob), isGreedy }))
    },
    loglikelihoodRolling: async (requests) => {
      const ask = await reading.loglikelihoodRolling(requests)
      const kept = keeping(
        'loglikelihood_rolling',
        requests,
        ({ text }) => [text],
        async (places, options) => (await ask(places, options)).map(numberText),
      )
      return async (places, options) => (await kept(places, options)).map(Number)
    },
    generateUntil: async (requests) => {
      const drawn = requests.map((request, index): GenerateUntilRequest => ({ draw: index, ...request }))
      return keeping('generate_until', drawn, generationParts, await reading.generateUntil(drawn))
    },
  }

  return {
    get info() {
      const { problem, ...info } = model.info
      return { ...info, keptAnswers, ...(problem === undefined || keptActed ? {} : { problem }) }
    },
    chatTemplate: model.chatTemplate,
    fingerprint: async () => fingerprint,
    ...wholeLists(inParts),
    inParts,
    close: () => model.close(),
  }
}

/** Number() gives the same number back, also -0, which the store would take for 0. */
function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

/** A sampled text depends on its draw too. */
function generationParts(
  { context, until, maxGenToks, doSample, temperature, settings = {}, draw }: GenerateUntilRequest,
  { seed = defaultSeed }: RequestOptions,
): readonly unknown[] {
  const sampling = doSample ? [temperature, seed, draw] : []
  const sorted = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1))
  return [context, until, maxGenToks, sorted, ...sampling]
}
