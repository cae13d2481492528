import { InputError, option, sentence } from '@saeval/hub'
import {
  type AnswerTo,
  type Counted,
  type LanguageModel,
  type ModelRequest,
  type PlannedWork,
  type ReadRequests,
  type RequestOptions,
  type Work,
  wrapModel,
} from '@saeval/language-model'
import { noWork, sumOfWork, uncountedWork } from '@saeval/language-model/internal/planned-work'
import { countedBy, differenceOf, nothingCounted, sharesOf, sumOfCounted } from './counted.js'
import { fromStored, type KeptAnswer, toStored } from './kept-answer.js'
import { keyParts } from './request-key.js'
import { type Store, storeKey } from './store.js'

/**
 * Requests that are answered and stored together: few enough that an interrupted run loses little, enough for the model to share work.
 * Always the same ones, so that a run begun again computes the same batches.
 */
const together = 128

/**
 * A model that answers from a store what it has answered before, and stores what it answers as it goes. Keys hold the model's fingerprint
 * and everything of the request. Beside each answer stands its share of what was counted, so that a run in parts reports what an unbroken one
 * does. Throws InputError for a model without a fingerprint.
 */
export async function cachedModel(model: LanguageModel, store: Store): Promise<LanguageModel> {
  if (model.fingerprint === undefined)
    throw new InputError(
      sentence`${option('useCache')}: this model does not tell what identifies it, so its answers cannot be kept`,
    )
  const fingerprint = await model.fingerprint()
  let keptAnswers = 0
  /** What was counted for kept answers. */
  let before: Counted = nothingCounted
  /** Keys whose answers are counted, in `before` or by the model. */
  const counted = new Set<string>()
  /** What the model has answered in this process: other requests may be the same. */
  const answered = new Map<string, KeptAnswer>()

  const read = async <Request extends ModelRequest>(given: readonly Request[]): Promise<ReadRequests<Request>> => {
    const requests = withDraws(given)
    const { answer: ask, planned: plan } = await model.read(requests)
    // 'acted' tells these entries from those of earlier versions, which are answers alone
    const keyOf = (index: number, options: RequestOptions) =>
      storeKey([fingerprint, 'acted', requests[index]!.type, ...keyParts(requests[index]!, options)])
    // looked up once for the plan and the answers
    const lookups = new WeakMap<readonly number[], LookedUp>()
    const lookup = (indices: readonly number[], options: RequestOptions) => {
      const found = lookups.get(indices) ?? lookUp(store, indices, (index) => keyOf(index, options))
      lookups.set(indices, found)
      return found
    }
    const planOf = (indices: readonly number[], options: RequestOptions) =>
      plan?.(indices, options) ?? uncountedWork(indices.length)
    const answer = async (indices: readonly number[], options: RequestOptions = {}): Promise<AnswerTo<Request>[]> => {
      const { onProgress = () => {}, onWork = () => {}, signal } = options
      const { keys, known, missing } = lookup(indices, options)
      keptAnswers += keys.filter((key) => known.has(key)).length
      for (const key of missing.keys()) if (answered.has(key)) known.set(key, answered.get(key)!)
      const chunks = chunksOf([...missing].flatMap(([key, index]) => (known.has(key) ? [] : [index])))
      for (const [key, entry] of known) {
        if (!counted.has(key)) before = sumOfCounted(before, entry.counted)
        counted.add(key)
      }
      const plans = chunks.map((chunk) => planOf(chunk, options).work)
      let done = indices.length - chunks.reduce((sum, { length }) => sum + length, 0)
      let worked = 0
      onProgress(done, indices.length)
      // asked even when nothing is left: the model may refuse what it has read as a whole
      for (let at = 0; at === 0 || at < chunks.length; at++) {
        signal?.throwIfAborted()
        const chunk = chunks[at] ?? []
        const doneBefore = done
        const earlier = countedBy(model)
        const later = plans.slice(at + 1).reduce((sum, work) => sum + work, 0)
        let own: Work = { done: 0, total: plans[at] ?? 0 }
        const report = (work: Work) => {
          own = work
          onWork({ done: worked + own.done, total: worked + own.total + later })
        }
        const answers = await ask(chunk, {
          ...options,
          onProgress: (count) => {
            onProgress(doneBefore + count, indices.length)
            if (plan === undefined) report({ done: count, total: chunk.length })
          },
          onWork: report,
        })
        if (plan === undefined) report({ done: chunk.length, total: chunk.length })
        const shares = sharesOf(differenceOf(countedBy(model), earlier), chunk.length)
        const entries = chunk.map((index, at): readonly [string, KeptAnswer] => [
          keyOf(index, options),
          { answer: answers[at]!, counted: shares[at]! },
        ])
        await store.put(entries.map(([key, entry]) => [key, toStored(entry)]))
        for (const [key, entry] of entries) {
          known.set(key, entry)
          answered.set(key, entry)
          counted.add(key)
        }
        done += chunk.length
        worked += own.done
        onProgress(done, indices.length)
      }
      return keys.map((key) => known.get(key)!.answer as AnswerTo<Request>)
    }
    const planned = (indices: readonly number[], options: RequestOptions = {}): PlannedWork =>
      chunksOf([...lookup(indices, options).missing.values()])
        .map((chunk) => planOf(chunk, options))
        .reduce(sumOfWork, noWork)
    return { answer, planned }
  }

  return wrapModel(model, {
    read,
    report: () => {
      const { tokens, ...report } = model.report?.(before) ?? {}
      const { requested, computed } = before
      const all = tokens && { requested: tokens.requested + requested, computed: tokens.computed + computed }
      return { ...report, ...(all && { tokens: all }), keptAnswers }
    },
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
  readonly known: Map<string, KeptAnswer>
  /** An index for each key that is missing. */
  readonly missing: ReadonlyMap<string, number>
}

function lookUp(store: Store, indices: readonly number[], keyOf: (index: number) => string): LookedUp {
  const keys = indices.map(keyOf)
  const known = new Map<string, KeptAnswer>()
  for (const [key, value] of store.look([...new Set(keys)])) {
    const entry = fromStored(value)
    if (entry !== null) known.set(key, entry)
  }
  const missing = new Map<string, number>()
  for (const [index, key] of keys.entries()) if (!known.has(key) && !missing.has(key)) missing.set(key, indices[index]!)
  return { keys, known, missing }
}

/** Indices that are asked together. */
function chunksOf(indices: readonly number[]): number[][] {
  return Array.from({ length: Math.ceil(indices.length / together) }, (_, chunk) =>
    indices.slice(chunk * together, (chunk + 1) * together),
  )
}
