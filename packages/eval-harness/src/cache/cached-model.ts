import { InputError, option, sentence } from '@saeval/hub'
import {
  type AnswerTo,
  defaultSeed,
  type LanguageModel,
  type ModelRequest,
  noWork,
  type PlannedWork,
  type ReadRequests,
  type RequestOptions,
  sumOfWork,
  uncountedWork,
  type Work,
  wrapModel,
} from '@saeval/language-model'
import { type Store, storeKey } from './store.js'

/**
 * Requests that are answered and stored together: few enough that an interrupted run loses little, enough for the model to share work.
 * Always the same ones, so that a run begun again computes the same batches.
 */
const together = 128

/** An answer as the store gives it back unchanged. */
type Stored = string | readonly [string, boolean]

/**
 * A model that answers from a store what it has answered before, and stores what it answers as it goes. Keys hold the model's fingerprint
 * and everything of the request. Throws InputError for a model without a fingerprint.
 */
export async function cachedModel(model: LanguageModel, store: Store): Promise<LanguageModel> {
  if (model.fingerprint === undefined)
    throw new InputError(
      sentence`${option('useCache')}: this model does not tell what identifies it, so its answers cannot be kept`,
    )
  const fingerprint = await model.fingerprint()
  let keptAnswers = 0
  let keptActed = false

  const read = async <Request extends ModelRequest>(given: readonly Request[]): Promise<ReadRequests<Request>> => {
    const requests = withDraws(given)
    const { answer: ask, planned: plan } = await model.read(requests)
    // 'acted' tells these entries from those of earlier versions, which are answers alone
    const keyOf = (index: number, options: RequestOptions) =>
      storeKey([fingerprint, 'acted', requests[index]!.type, ...keyParts(requests[index]!, options)])
    // looked up once for the plan and the answers
    const lookups = new WeakMap<readonly number[], LookedUp>()
    const lookup = (indices: readonly number[], options: RequestOptions) => {
      const found =
        lookups.get(indices) ??
        lookUp(
          indices,
          indices.map((index) => keyOf(index, options)),
          (key) => store.get(key) as readonly [Stored, boolean] | undefined,
        )
      lookups.set(indices, found)
      return found
    }
    const planOf = (indices: readonly number[], options: RequestOptions) =>
      plan?.(indices, options) ?? uncountedWork(indices.length)
    const answer = async (indices: readonly number[], options: RequestOptions = {}): Promise<AnswerTo<Request>[]> => {
      const { onProgress = () => {}, onWork = () => {}, signal } = options
      const { keys, known, chunks, acted } = lookup(indices, options)
      keptActed ||= acted
      keptAnswers += keys.filter((key) => known.has(key)).length
      const plans = chunks.map((chunk) => planOf(chunk, options).work)
      let done = indices.length - chunks.reduce((sum, { length }) => sum + length, 0)
      let worked = 0
      onProgress(done, indices.length)
      // asked even when nothing is left: the model may refuse what it has read as a whole
      for (let at = 0; at === 0 || at < chunks.length; at++) {
        signal?.throwIfAborted()
        const chunk = chunks[at] ?? []
        const before = done
        const later = plans.slice(at + 1).reduce((sum, work) => sum + work, 0)
        let own: Work = { done: 0, total: plans[at] ?? 0 }
        const report = (work: Work) => {
          own = work
          onWork({ done: worked + own.done, total: worked + own.total + later })
        }
        const answers = await ask(chunk, {
          ...options,
          onProgress: (count) => {
            onProgress(before + count, indices.length)
            if (plan === undefined) report({ done: count, total: chunk.length })
          },
          onWork: report,
        })
        if (plan === undefined) report({ done: chunk.length, total: chunk.length })
        const { acted = false } = model.report?.() ?? {}
        const stored = answers.map(toStored)
        await store.put(chunk.map((index, at) => [keyOf(index, options), [stored[at]!, acted]] as const))
        for (const [at, index] of chunk.entries()) known.set(keyOf(index, options), stored[at]!)
        done += chunk.length
        worked += own.done
        onProgress(done, indices.length)
      }
      return keys.map((key, at) => fromStored(given[indices[at]!]!, known.get(key)!))
    }
    const planned = (indices: readonly number[], options: RequestOptions = {}): PlannedWork =>
      lookup(indices, options)
        .chunks.map((chunk) => planOf(chunk, options))
        .reduce(sumOfWork, noWork)
    return { answer, planned }
  }

  return wrapModel(model, {
    read,
    report: ({ problem, ...counted }) => ({
      ...counted,
      keptAnswers,
      ...(problem === undefined || keptActed ? {} : { problem }),
    }),
  })
}

/** Requests whose draws are written down: a request's place among those that are generated. */
function withDraws<Request extends ModelRequest>(requests: readonly Request[]): Request[] {
  let draws = 0
  return requests.map((request) => (request.type === 'generate_until' ? { draw: draws++, ...request } : request))
}

/** What the store has for some requests, and what is to be asked. */
interface LookedUp {
  /** One for each request. */
  readonly keys: readonly string[]
  readonly known: Map<string, Stored>
  /** Indices that are asked together, one for each key that is missing. */
  readonly chunks: readonly (readonly number[])[]
  /** Whether an edit had acted where a known answer is from. */
  readonly acted: boolean
}

function lookUp(
  indices: readonly number[],
  keys: readonly string[],
  get: (key: string) => readonly [Stored, boolean] | undefined,
): LookedUp {
  const known = new Map<string, Stored>()
  const missing = new Map<string, number>()
  let acted = false
  for (const [index, key] of keys.entries()) {
    if (known.has(key) || missing.has(key)) continue
    const found = get(key)
    if (found === undefined) missing.set(key, indices[index]!)
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

/** Number() gives the same number back, also -0, which the store would take for 0. */
function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

function toStored(answer: AnswerTo<ModelRequest>): Stored {
  if (typeof answer === 'string') return answer
  return typeof answer === 'number' ? numberText(answer) : [numberText(answer.logprob), answer.isGreedy]
}

function fromStored<Request extends ModelRequest>({ type }: Request, stored: Stored): AnswerTo<Request> {
  const answer =
    typeof stored !== 'string'
      ? { logprob: Number(stored[0]), isGreedy: stored[1] }
      : type === 'generate_until'
        ? stored
        : Number(stored)
  return answer as AnswerTo<Request>
}

/** What of a request decides its answer; a sampled text depends on its draw too. */
function keyParts(request: ModelRequest, { seed = defaultSeed }: RequestOptions): readonly unknown[] {
  switch (request.type) {
    case 'loglikelihood':
      return [request.context, request.continuation]
    case 'loglikelihood_rolling':
      return [request.text]
    case 'generate_until': {
      const { context, until, maxGenToks, doSample, temperature, settings = {}, draw } = request
      const sampling = doSample ? [temperature, seed, draw] : []
      const sorted = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1))
      return [context, until, maxGenToks, sorted, ...sampling]
    }
  }
}
