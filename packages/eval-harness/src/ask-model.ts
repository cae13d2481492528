import {
  type AnswerTo,
  type LanguageModel,
  type ModelRequest,
  type PlannedWork,
  type RequestOptions,
  requestTypes,
  type Work,
} from '@saeval/language-model'
import { checkAnswers } from '@saeval/language-model/internal/check-answers'
import { sumOfWork } from '@saeval/language-model/internal/planned-work'
import { PyFloat, type PyValue } from '@saeval/python/internal/values/value'
import { blockId } from './cache/request-key.js'
import type { PreparedTask } from './prepare-task.js'
import { blocksOf, type PlacedRequest } from './requests/blocks.js'
import type { TaskRequest } from './requests/task-request.js'
import { generationRequest } from './tasks/generation-config.js'
import { complainAbout } from './yaml/check-fields.js'

/** The model's answers to one request, as many as the task repeats it. */
export type RequestAnswers = readonly PyValue[]

interface Place extends PlacedRequest {
  readonly file: string
  readonly answers: PyValue[]
}

type Kind = TaskRequest['type']

/** How far the requests of one kind are, kept answers among them. */
export interface KindProgress {
  readonly kind: Kind
  readonly requests: { readonly done: number; readonly total: number }
  /** Work as the model counts it; of a model that does not, requests. */
  readonly work: Work
  /** What answering takes, without kept answers; null of a model that does not tell. */
  readonly planned: PlannedWork | null
}

export interface AskOptions {
  /** Called when the model has read all requests and has been asked nothing. What it throws ends the asking. */
  readonly onPlanned?: (kinds: readonly KindProgress[]) => void | Promise<void>
  /** Called whenever more is done, with all kinds. */
  readonly onProgress?: (kinds: readonly KindProgress[]) => void
  readonly signal?: AbortSignal
  readonly seed?: number
}

/**
 * Asks a model everything that tasks need, kind by kind, in blocks in which it can share work (see blocksOf). It reads all kinds before it is
 * asked any, so that it refuses what it cannot answer before hours of work. The result has the answers of every task's requests in their order.
 */
export async function askModel(
  model: LanguageModel,
  tasks: readonly PreparedTask[],
  { onPlanned, onProgress, ...options }: AskOptions = {},
): Promise<RequestAnswers[][]> {
  const { places, all, read, kinds } = await readTasks(model, tasks, options)
  const progress = kinds.map(plannedProgress)
  const advance = (index: number, change: Partial<KindProgress>) => {
    progress[index] = { ...progress[index]!, ...change }
    onProgress?.(progress)
  }
  await onPlanned?.(progress)
  onProgress?.(progress)
  for (const [index, { kind, blocks }] of kinds.entries()) {
    const { planned, requests, work } = progress[index]!
    let before = 0
    let worked = 0
    let later = work.total
    for (const { indices, plan } of blocks) {
      options.signal?.throwIfAborted()
      const expected = plan()?.work ?? indices.length
      later -= expected
      const at = { before, worked, later }
      let own: Work = { done: 0, total: expected }
      const answers = await read.answer(indices, {
        ...options,
        onProgress: (done) =>
          advance(index, {
            requests: { done: at.before + done, total: requests.total },
            ...(planned === null ? { work: { done: at.before + done, total: requests.total } } : {}),
          }),
        onWork: (more) => {
          own = more
          advance(index, { work: { done: at.worked + more.done, total: at.worked + more.total + at.later } })
        },
      })
      checkAnswers(kind, answers as never[], indices.length)
      answers.forEach((answer, place) => {
        all[indices[place]!]!.answers.push(pythonValue(answer))
      })
      before += indices.length
      worked += own.done
    }
    // what was guessed to be left is not
    const { done } = progress[index]!.work
    advance(index, { requests: { done: requests.total, total: requests.total }, work: { done, total: done } })
  }
  return places.map((list) => list.map(({ answers }) => answers))
}

/** What it would take to answer everything that tasks need: the model reads it and is asked nothing. */
export async function planTasks(
  model: LanguageModel,
  tasks: readonly PreparedTask[],
): Promise<readonly KindProgress[]> {
  return (await readTasks(model, tasks, {})).kinds.map(plannedProgress)
}

/** A block of requests that a model has read. */
export interface ReadBlock {
  readonly kind: Kind
  readonly requests: number
  /** See blockId. */
  id(): string
  /** What answering takes; null of a model that does not tell. */
  plan(): PlannedWork | null
  /** Asks the model, as askModel does. */
  answer(options?: RequestOptions): Promise<readonly AnswerTo<ModelRequest>[]>
}

/** Has a model read everything that tasks need, and gives the blocks in which askModel asks, in its order. `options` are those of asking. */
export async function readBlocks(
  model: LanguageModel,
  tasks: readonly PreparedTask[],
  options: Pick<AskOptions, 'seed'> = {},
): Promise<ReadBlock[]> {
  const { read, requests, kinds } = await readTasks(model, tasks, options)
  return kinds.flatMap(({ kind, blocks }) =>
    blocks.map(({ indices, plan }): ReadBlock => {
      return {
        kind,
        requests: indices.length,
        id: () =>
          blockId(
            indices.map((index) => requests[index]!),
            options,
          ),
        plan,
        answer: async (more) => {
          const answers = await read.answer(indices, { ...options, ...more })
          checkAnswers(kind, answers as never[], indices.length)
          return answers
        },
      }
    }),
  )
}

/** Indices of requests that are asked together, and what that takes; null of a model that does not tell. */
interface KindBlock {
  readonly indices: readonly number[]
  plan(): PlannedWork | null
}

/** Has a model read the requests of all tasks. */
async function readTasks(model: LanguageModel, tasks: readonly PreparedTask[], options: RequestOptions) {
  let documents = 0
  const places = tasks.map(({ task, asked }, index) =>
    asked.flatMap(({ requests }) => {
      const document = documents++
      return requests.map((request): Place => ({ request, file: task.config.file, answers: [], task: index, document }))
    }),
  )
  const all = places.flatMap((list, index) => {
    const { repeats } = tasks[index]!.task.config
    return list.flatMap((place) => Array.from({ length: repeats }, (_, repeat) => ({ ...place, repeat })))
  })
  let draws = 0
  const requests = all.map(({ request, file, repeat }): ModelRequest => {
    if (request.type !== 'generate_until') return request
    const { context, kwargs, draw: first } = request
    const draw = first === undefined ? draws++ : first + repeat
    return { ...generationRequest(context, kwargs, complainAbout(file)), draw }
  })
  const read = await model.read(requests)
  const kinds = requestTypes.flatMap((kind) => {
    const own = all.flatMap(({ request }, index) => (request.type === kind ? [index] : []))
    if (own.length === 0) return []
    const blocks = blocksOf(own.map((index) => all[index]!)).map((block): KindBlock => {
      const indices = block.map((at) => own[at]!)
      let planned: PlannedWork | null | undefined
      const plan = () => {
        if (planned === undefined) planned = read.planned?.(indices, options) ?? null
        return planned
      }
      return { indices, plan }
    })
    return [{ kind, blocks }]
  })
  return { places, all, requests, read, kinds }
}

/** Nothing of a kind is done. */
function plannedProgress({
  kind,
  blocks,
}: {
  readonly kind: Kind
  readonly blocks: readonly KindBlock[]
}): KindProgress {
  const plans = blocks.map(({ plan }) => plan())
  const known = plans.filter((plan) => plan !== null)
  const total = blocks.reduce((sum, { indices }) => sum + indices.length, 0)
  const work = plans.reduce((sum, plan, at) => sum + (plan?.work ?? blocks[at]!.indices.length), 0)
  const planned = known.length === plans.length ? known.reduce(sumOfWork) : null
  return { kind, planned, requests: { done: 0, total }, work: { done: 0, total: work } }
}

/** An answer as Python's value. */
function pythonValue(answer: AnswerTo<ModelRequest>): PyValue {
  if (typeof answer === 'string') return answer
  return typeof answer === 'number' ? new PyFloat(answer) : [new PyFloat(answer.logprob), answer.isGreedy]
}
