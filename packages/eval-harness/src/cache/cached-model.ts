import { InputError } from '@saeval/hub'
import type { GenerateUntilRequest, LanguageModel, LoglikelihoodResult, RequestOptions } from '../language-model.js'
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

  const answer = async <Request, Answer>(
    method: string,
    requests: readonly Request[],
    parts: (request: Request) => readonly unknown[],
    ask: (missing: Request[], options: RequestOptions) => Promise<Answer[]>,
    options: RequestOptions = {},
  ): Promise<Answer[]> => {
    const keys = requests.map((request) => storeKey([fingerprint, method, ...parts(request)]))
    const known = new Map<string, Answer>()
    for (const key of keys) {
      const found = known.has(key) ? undefined : store.get(key)
      if (found !== undefined) known.set(key, found as Answer)
    }
    const missing: (readonly [key: string, request: Request])[] = []
    const wanted = new Set<string>()
    for (const [index, key] of keys.entries()) {
      if (known.has(key) || wanted.has(key)) continue
      wanted.add(key)
      missing.push([key, requests[index]!])
    }
    let done = keys.length - missing.length
    options.onProgress?.(done, requests.length)
    for (let from = 0; from < missing.length; from += together) {
      options.signal?.throwIfAborted()
      const chunk = missing.slice(from, from + together)
      const before = done
      const answers = await ask(
        chunk.map(([, request]) => request),
        { ...options, onProgress: (count) => options.onProgress?.(before + count, requests.length) },
      )
      await store.put(chunk.map(([key], index) => [key, answers[index]!] as const))
      for (const [index, [key]] of chunk.entries()) known.set(key, answers[index]!)
      done += chunk.length
      options.onProgress?.(done, requests.length)
    }
    return keys.map((key) => known.get(key)!)
  }

  return {
    get info() {
      return model.info
    },
    chatTemplate: model.chatTemplate,
    fingerprint: model.fingerprint,
    loglikelihood: async (requests, options) => {
      const answers = await answer(
        'loglikelihood',
        requests,
        ({ context, continuation }) => [context, continuation],
        async (missing, given) =>
          (await model.loglikelihood(missing, given)).map(
            ({ logprob, isGreedy }) => [numberText(logprob), isGreedy] as const,
          ),
        options,
      )
      return answers.map(([logprob, isGreedy]): LoglikelihoodResult => ({ logprob: Number(logprob), isGreedy }))
    },
    loglikelihoodRolling: async (requests, options) => {
      const answers = await answer(
        'loglikelihood_rolling',
        requests,
        ({ text }) => [text],
        async (missing, given) => (await model.loglikelihoodRolling(missing, given)).map(numberText),
        options,
      )
      return answers.map(Number)
    },
    generateUntil: (requests, options) =>
      answer(
        'generate_until',
        requests.map((request, index): GenerateUntilRequest => ({ draw: index, ...request })),
        (request) => generationParts(request, options?.seed ?? defaultSeed),
        model.generateUntil,
        options,
      ),
    close: model.close,
  }
}

/** Number() gives the same number back, also -0, which the store would take for 0. */
function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

/** A sampled text depends on its draw too. */
function generationParts(
  { context, until, maxGenToks, doSample, temperature, topK, topP, draw }: GenerateUntilRequest,
  seed: number,
): readonly unknown[] {
  const sampling = doSample ? [temperature, topK, topP, seed, draw] : []
  return [context, until, maxGenToks, ...sampling]
}
