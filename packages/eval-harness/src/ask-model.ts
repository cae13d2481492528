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
import { PyFloat, type PyValue } from '@saeval/python/internal/values/value'
import type { PreparedTask } from './prepare-task.js'
import type { TaskRequest } from './requests/task-request.js'
import { generationRequest } from './tasks/generation-config.js'
import { complainAbout } from './yaml/check-fields.js'

/** The model's answers to one request, as many as the task repeats it. */
export type RequestAnswers = readonly PyValue[]

interface Place {
  readonly request: TaskRequest
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
 * Asks a model everything that tasks need, kind by kind, each kind at once so that the model can share work. It reads all kinds before it is
 * asked any, so that it refuses what it cannot answer before hours of work. The result has the answers of every task's requests in their order.
 */
export async function askModel(
  model: LanguageModel,
  tasks: readonly PreparedTask[],
  { onPlanned, onProgress, ...options }: AskOptions = {},
): Promise<RequestAnswers[][]> {
  const { places, all, read, kinds, progress } = await readTasks(model, tasks, options)
  const advance = (index: number, change: Partial<KindProgress>) => {
    progress[index] = { ...progress[index]!, ...change }
    onProgress?.(progress)
  }
  await onPlanned?.(progress)
  onProgress?.(progress)
  for (const [index, { kind, indices }] of kinds.entries()) {
    const { planned } = progress[index]!
    const answers = await read.answer(indices, {
      ...options,
      onProgress: (done, total) =>
        advance(index, { requests: { done, total }, ...(planned === null ? { work: { done, total } } : {}) }),
      onWork: (work) => advance(index, { work }),
    })
    checkAnswers(kind, answers as never[], indices.length)
    answers.forEach((answer, at) => {
      all[indices[at]!]!.answers.push(pythonValue(answer))
    })
    const { total } = progress[index]!.requests
    // what was guessed to be left is not
    const { done } = progress[index]!.work
    advance(index, { requests: { done: total, total }, work: { done, total: done } })
  }
  return places.map((list) => list.map(({ answers }) => answers))
}

/** What it would take to answer everything that tasks need: the model reads it and is asked nothing. */
export async function planTasks(
  model: LanguageModel,
  tasks: readonly PreparedTask[],
): Promise<readonly KindProgress[]> {
  return (await readTasks(model, tasks, {})).progress
}

/** Has a model read the requests of all tasks. */
async function readTasks(model: LanguageModel, tasks: readonly PreparedTask[], options: RequestOptions) {
  const places = tasks.map(({ task, asked }) =>
    asked.flatMap(({ requests }) =>
      requests.map((request): Place => ({ request, file: task.config.file, answers: [] })),
    ),
  )
  const all = places.flatMap((list, index) => {
    const { repeats } = tasks[index]!.task.config
    return list.flatMap((place) => Array.from({ length: repeats }, () => place))
  })
  let draws = 0
  const read = await model.read(
    all.map(({ request, file }): ModelRequest => {
      if (request.type !== 'generate_until') return request
      const { context, kwargs } = request
      return { ...generationRequest(context, kwargs, complainAbout(file)), draw: draws++ }
    }),
  )
  const kinds = requestTypes.flatMap((kind) => {
    const indices = all.flatMap(({ request }, index) => (request.type === kind ? [index] : []))
    return indices.length === 0 ? [] : [{ kind, indices }]
  })
  const progress = kinds.map(({ kind, indices }): KindProgress => {
    const planned = read.planned?.(indices, options) ?? null
    const total = planned?.work ?? indices.length
    return { kind, planned, requests: { done: 0, total: indices.length }, work: { done: 0, total } }
  })
  return { places, all, read, kinds, progress }
}

/** An answer as Python's value. */
function pythonValue(answer: AnswerTo<ModelRequest>): PyValue {
  if (typeof answer === 'string') return answer
  return typeof answer === 'number' ? new PyFloat(answer) : [new PyFloat(answer.logprob), answer.isGreedy]
}
