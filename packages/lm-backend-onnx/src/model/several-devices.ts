import {
  type LanguageModel,
  type ModelReport,
  type ModelRequest,
  type PlannedWork,
  type ReadRequests,
  type RequestOptions,
  readByType,
  type Work,
} from '@saeval/language-model'
import type { OnnxModel } from './onnx-model.js'
import { type WorkQueue, workQueue } from './work-queue.js'

/** Below this a device is not busy. */
export interface LeastPart {
  /** Tokens of requests that are scored. */
  readonly tokens: number
  /** Texts that are written side by side. */
  readonly texts: number
}
const leastBusy: LeastPart = { tokens: 4096, texts: 32 }

/** A view of one device that has read a list, and what it counted by that. */
interface Reader {
  readonly view: OnnxModel
  /** Tokens of requests, which every device counts when it reads them. */
  readonly requestedByReading: number
}

/**
 * One model on several devices: `models` are the same model, one for each. Lists of requests are shared out among them, a part whenever a device is free;
 * everything else is done on the first. Answers are those of one device, up to float32 rounding. What a device throws stops the others.
 */
export function severalDevices(models: readonly OnnxModel[], least: LeastPart = leastBusy): OnnxModel {
  const first = models[0]!
  const device = models.map(({ info }) => info.device).join()
  const readers: Reader[] = []
  const read: LanguageModel['read'] = readByType({
    loglikelihood: (requests) => readOnAll(requests),
    loglikelihood_rolling: (requests) => readOnAll(requests),
    generate_until: (requests) => readOnAll(requests),
  })

  async function readOnAll<Request extends ModelRequest>(requests: readonly Request[]): Promise<ReadRequests<Request>> {
    const reading = [await first.read(requests)]
    for (const model of models.slice(1)) {
      // a view that counts for itself: what every device counts by reading must count once
      const view = model.steer(model.interventions)
      reading.push(await view.read(requests))
      readers.push({ view, requestedByReading: tokensOf(view).requested })
    }
    return shared(requests, reading, least)
  }

  return {
    ...first,
    info: { ...first.info, device, provenance: { ...first.info.provenance, device } },
    get actedTokens() {
      return summed([first, ...readers.map(({ view }) => view)].map(({ actedTokens }) => actedTokens))
    },
    report: () => {
      const report: ModelReport = first.report()
      const tokens = { ...tokensOf(first) }
      for (const { view, requestedByReading } of readers) {
        const { requested, computed } = tokensOf(view)
        tokens.requested += requested - requestedByReading
        tokens.computed += computed
      }
      return { ...report, tokens }
    },
    steer: (interventions) =>
      severalDevices(
        models.map((model) => model.steer(interventions)),
        least,
      ),
    shareBelow: (settings, keepBytes) =>
      severalDevices(
        models.map((model) => model.shareBelow(settings, keepBytes)),
        least,
      ),
    writeBeside: (settings, mayWrite) =>
      severalDevices(
        models.map((model) => model.writeBeside(settings, mayWrite)),
        least,
      ),
    read,
    close: async () => {
      const closed = await Promise.allSettled(models.map((model) => model.close()))
      for (const outcome of closed) if (outcome.status === 'rejected') throw outcome.reason
    },
  }
}

/** A list that every device has read. */
function shared<Request extends ModelRequest>(
  requests: readonly Request[],
  reading: readonly ReadRequests<Request>[],
  least: LeastPart,
): ReadRequests<Request> {
  const planned = (indices: readonly number[], options?: RequestOptions): PlannedWork =>
    reading[0]!.planned!(indices, options)
  const answer: ReadRequests<Request>['answer'] = async (indices, options = {}) => {
    // a device may still refuse what it has read
    if (indices.length === 0) return reading[0]!.answer([], options)
    const total = planned(indices, options).work
    const queue = workQueue(requests, indices, {
      devices: reading.length,
      workOf: (part) => planned(part, options).work,
      ...(requests[indices[0]!]!.type === 'generate_until'
        ? { leastWork: 1, leastRequests: least.texts }
        : { leastWork: least.tokens, leastRequests: 1 }),
    })
    return answerParts(reading, indices, queue, total, options)
  }
  return { answer, planned }
}

type AnswersOf<Request extends ModelRequest> = Awaited<ReturnType<ReadRequests<Request>['answer']>>

async function answerParts<Request extends ModelRequest>(
  reading: readonly ReadRequests<Request>[],
  indices: readonly number[],
  queue: WorkQueue,
  total: number,
  options: RequestOptions,
): Promise<AnswersOf<Request>> {
  const failed = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal
  const answers = new Map<number, AnswersOf<Request>[number]>()
  const progress: number[] = []
  const works: Work[] = []
  const { onProgress, onWork } = options
  const outcomes = await Promise.allSettled(
    reading.map(async (device) => {
      try {
        for (let part = queue.take(); part !== null; part = queue.take()) {
          const own = part
          const at = progress.push(0) - 1
          const given = await device.answer(own, {
            ...options,
            signal,
            ...(onProgress && {
              onProgress: (done) => {
                progress[at] = done
                onProgress(sum(progress), indices.length)
              },
            }),
            ...(onWork && {
              onWork: (work) => {
                works[at] = work
                const done = sum(works.map((part) => part?.done ?? 0))
                onWork({ done, total: Math.max(total, done) })
              },
            }),
          })
          own.forEach((index, place) => {
            answers.set(index, given[place]!)
          })
        }
      } catch (error) {
        // the first to fail says why
        failed.abort(error)
        throw error
      }
    }),
  )
  if (outcomes.some(({ status }) => status === 'rejected')) {
    options.signal?.throwIfAborted()
    throw failed.signal.reason
  }
  return indices.map((index) => answers.get(index)!) as AnswersOf<Request>
}

function tokensOf(model: OnnxModel): { readonly requested: number; readonly computed: number } {
  return model.report().tokens ?? { requested: 0, computed: 0 }
}

function summed(counts: readonly ReadonlyMap<number, number>[]): Map<number, number> {
  const all = new Map<number, number>()
  for (const count of counts) for (const [edit, tokens] of count) all.set(edit, (all.get(edit) ?? 0) + tokens)
  return all
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, number) => all + number, 0)
}
