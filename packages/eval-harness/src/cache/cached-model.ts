import { InputError } from '@saeval/hub'
import type {
  AnswerPart,
  GenerateUntilRequest,
  InParts,
  LanguageModel,
  PlannedWork,
  RequestOptions,
  Work,
} from '@saeval/language-model'
import { inPartsOf, mapAnswers, wholeLists } from '@saeval/language-model'
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
  const keeping = <Request, Stored>(
    method: string,
    requests: readonly Request[],
    parts: (request: Request, options: RequestOptions) => readonly unknown[],
    ask: AnswerPart<Stored>,
  ): AnswerPart<Stored> => {
    // 'acted' tells these entries from those of earlier versions, which are answers alone
    const keyOf = (place: number, options: RequestOptions) =>
      storeKey([fingerprint, 'acted', method, ...parts(requests[place]!, options)])
    // looked up once for the plan and the answers
    const lookups = new WeakMap<readonly number[], LookedUp<Stored>>()
    const lookup = (places: readonly number[], options: RequestOptions) => {
      const found =
        lookups.get(places) ??
        lookUp<Stored>(
          places,
          places.map((place) => keyOf(place, options)),
          (key) => store.get(key) as readonly [Stored, boolean] | undefined,
        )
      lookups.set(places, found)
      return found
    }
    const planOf = (places: readonly number[], options: RequestOptions) =>
      ask.planned?.(places, options) ?? uncounted(places.length)
    const answer: AnswerPart<Stored> = async (places, options = {}) => {
      const { onProgress = () => {}, onWork = () => {}, signal } = options
      const { keys, known, chunks, acted } = lookup(places, options)
      keptActed ||= acted
      keptAnswers += keys.filter((key) => known.has(key)).length
      const plans = chunks.map((chunk) => planOf(chunk, options).work)
      let done = places.length - chunks.reduce((sum, { length }) => sum + length, 0)
      let worked = 0
      onProgress(done, places.length)
      // asked even when nothing is left: the model may refuse what it has read as a whole
      for (let index = 0; index === 0 || index < chunks.length; index++) {
        signal?.throwIfAborted()
        const chunk = chunks[index] ?? []
        const before = done
        const later = plans.slice(index + 1).reduce((sum, work) => sum + work, 0)
        let own: Work = { done: 0, total: plans[index] ?? 0 }
        const report = (work: Work) => {
          own = work
          onWork({ done: worked + own.done, total: worked + own.total + later })
        }
        const answers = await ask(chunk, {
          ...options,
          onProgress: (count) => {
            onProgress(before + count, places.length)
            if (ask.planned === undefined) report({ done: count, total: chunk.length })
          },
          onWork: report,
        })
        if (ask.planned === undefined) report({ done: chunk.length, total: chunk.length })
        const { acted = false } = model.info
        await store.put(chunk.map((place, at) => [keyOf(place, options), [answers[at]!, acted]] as const))
        for (const [at, place] of chunk.entries()) known.set(keyOf(place, options), answers[at]!)
        done += chunk.length
        worked += own.done
        onProgress(done, places.length)
      }
      return keys.map((key) => known.get(key)!)
    }
    const planned = (places: readonly number[], options: RequestOptions = {}): PlannedWork =>
      lookup(places, options)
        .chunks.map((chunk) => planOf(chunk, options))
        .reduce(both, uncounted(0))
    return Object.assign(answer, { planned })
  }

  const inParts: InParts = {
    loglikelihood: async (requests) => {
      const ask = await reading.loglikelihood(requests)
      const kept = keeping(
        'loglikelihood',
        requests,
        ({ context, continuation }) => [context, continuation],
        mapAnswers(ask, ({ logprob, isGreedy }) => [numberText(logprob), isGreedy] as const),
      )
      return mapAnswers(kept, ([logprob, isGreedy]) => ({ logprob: Number(logprob), isGreedy }))
    },
    loglikelihoodRolling: async (requests) => {
      const ask = await reading.loglikelihoodRolling(requests)
      const kept = keeping('loglikelihood_rolling', requests, ({ text }) => [text], mapAnswers(ask, numberText))
      return mapAnswers(kept, Number)
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

/** What the store has for some places, and what is to be asked. */
interface LookedUp<Stored> {
  /** One for each place. */
  readonly keys: readonly string[]
  readonly known: Map<string, Stored>
  /** Places that are asked together, one for each key that is missing. */
  readonly chunks: readonly (readonly number[])[]
  /** Whether an edit had acted where a known answer is from. */
  readonly acted: boolean
}

function lookUp<Stored>(
  places: readonly number[],
  keys: readonly string[],
  get: (key: string) => readonly [Stored, boolean] | undefined,
): LookedUp<Stored> {
  const known = new Map<string, Stored>()
  const missing = new Map<string, number>()
  let acted = false
  for (const [index, key] of keys.entries()) {
    if (known.has(key) || missing.has(key)) continue
    const found = get(key)
    if (found === undefined) missing.set(key, places[index]!)
    else {
      known.set(key, found[0])
      acted ||= found[1]
    }
  }
  const left = [...missing.values()]
  const chunks = Array.from({ length: Math.ceil(left.length / together) }, (_, chunk) =>
    left.slice(chunk * together, (chunk + 1) * together),
  )
  return { keys, known, chunks, acted }
}

/** The plan of a model that does not tell: each request is as much work as the others. */
function uncounted(requests: number): PlannedWork {
  return { requests, requestTokens: 0, tokens: 0, newTokens: 0, work: requests }
}

function both(a: PlannedWork, b: PlannedWork): PlannedWork {
  return {
    requests: a.requests + b.requests,
    requestTokens: a.requestTokens + b.requestTokens,
    tokens: a.tokens + b.tokens,
    newTokens: a.newTokens + b.newTokens,
    work: a.work + b.work,
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
