import type { AnswerPart, InParts, LanguageModel, PlannedWork, RequestOptions, Work } from '@saeval/language-model'
import { checkAnswers, inPartsOf, samePlan } from '@saeval/language-model'
import { PyFloat, type PyValue } from '@saeval/python/internal/values/value'
import type { PreparedTask } from './prepare-task.js'
import type { TaskRequest } from './requests/task-request.js'
import { complainAbout } from './tasks/check-fields.js'
import { generationRequest } from './tasks/generation-config.js'

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
  const { places, kinds, progress } = await readTasks(model, tasks, options)
  const advance = (index: number, change: Partial<KindProgress>) => {
    progress[index] = { ...progress[index]!, ...change }
    onProgress?.(progress)
  }
  await onPlanned?.(progress)
  onProgress?.(progress)
  for (const [index, { wanted, places, ask }] of kinds.entries()) {
    const { planned } = progress[index]!
    const answers = await ask(places, {
      ...options,
      onProgress: (done, total) =>
        advance(index, { requests: { done, total }, ...(planned === null ? { work: { done, total } } : {}) }),
      onWork: (work) => advance(index, { work }),
    })
    answers.forEach((answer, index) => {
      wanted[index]!.answers.push(answer)
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

/** Has a model read the requests of all tasks, kind by kind. */
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
  const inParts = inPartsOf(model)
  const kinds: {
    readonly kind: Kind
    readonly wanted: readonly Place[]
    readonly places: readonly number[]
    readonly ask: AnswerPart<PyValue>
  }[] = []
  for (const kind of ['loglikelihood', 'loglikelihood_rolling', 'generate_until'] as const) {
    const wanted = all.filter(({ request }) => request.type === kind)
    if (wanted.length > 0)
      kinds.push({ kind, wanted, places: [...wanted.keys()], ask: await readKind(inParts, kind, wanted) })
  }
  const progress = kinds.map(({ kind, wanted, places, ask }): KindProgress => {
    const planned = ask.planned?.(places, options) ?? null
    const total = planned?.work ?? wanted.length
    return { kind, planned, requests: { done: 0, total: wanted.length }, work: { done: 0, total } }
  })
  return { places, kinds, progress }
}

async function readKind(inParts: InParts, kind: Kind, places: readonly Place[]): Promise<AnswerPart<PyValue>> {
  const of = <K extends Kind>(type: K) =>
    places
      .map(({ request }) => request)
      .filter((request): request is Extract<TaskRequest, { type: K }> => request.type === type)
  switch (kind) {
    case 'loglikelihood': {
      const ask = await inParts.loglikelihood(of(kind))
      return samePlan(ask, async (places, options) =>
        checkAnswers('loglikelihood', await ask(places, options), places.length).map(({ logprob, isGreedy }) => [
          new PyFloat(logprob),
          isGreedy,
        ]),
      )
    }
    case 'loglikelihood_rolling': {
      const ask = await inParts.loglikelihoodRolling(of(kind))
      return samePlan(ask, async (places, options) =>
        checkAnswers('loglikelihoodRolling', await ask(places, options), places.length).map(
          (logprob) => new PyFloat(logprob),
        ),
      )
    }
    case 'generate_until': {
      const ask = await inParts.generateUntil(
        of(kind).map(({ context, kwargs }, draw) => ({
          ...generationRequest(context, kwargs, complainAbout(places[draw]!.file)),
          draw,
        })),
      )
      return samePlan(ask, async (places, options) =>
        checkAnswers('generateUntil', await ask(places, options), places.length),
      )
    }
  }
}
