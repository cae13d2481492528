import { checkAnswers } from './check-answers.js'
import { inPartsOf } from './in-parts.js'
import type { AnswerPart, InParts, LanguageModel, RequestOptions } from './language-model.js'
import type { PreparedTask } from './prepare-task.js'
import { PyFloat, type PyValue } from './python/value.js'
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

/**
 * Asks a model everything that tasks need, kind by kind, each kind at once so that the model can share work. It reads all kinds before it is
 * asked any, so that it refuses what it cannot answer before hours of work. The result has the answers of every task's requests in their order.
 */
export async function askModel(
  model: LanguageModel,
  tasks: readonly PreparedTask[],
  options: RequestOptions = {},
): Promise<RequestAnswers[][]> {
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
  const kinds: { readonly wanted: readonly Place[]; readonly ask: AnswerPart<PyValue> }[] = []
  for (const kind of ['loglikelihood', 'loglikelihood_rolling', 'generate_until'] as const) {
    const wanted = all.filter(({ request }) => request.type === kind)
    if (wanted.length > 0) kinds.push({ wanted, ask: await readKind(inParts, kind, wanted) })
  }
  let before = 0
  for (const { wanted, ask } of kinds) {
    const done = before
    const answers = await ask([...wanted.keys()], {
      ...options,
      onProgress: (count) => options.onProgress?.(done + count, all.length),
    })
    answers.forEach((answer, index) => {
      wanted[index]!.answers.push(answer)
    })
    before += wanted.length
  }
  return places.map((list) => list.map(({ answers }) => answers))
}

async function readKind(inParts: InParts, kind: Kind, places: readonly Place[]): Promise<AnswerPart<PyValue>> {
  const of = <K extends Kind>(type: K) =>
    places
      .map(({ request }) => request)
      .filter((request): request is Extract<TaskRequest, { type: K }> => request.type === type)
  switch (kind) {
    case 'loglikelihood': {
      const ask = await inParts.loglikelihood(of(kind))
      return async (places, options) =>
        checkAnswers('loglikelihood', await ask(places, options), places.length).map(({ logprob, isGreedy }) => [
          new PyFloat(logprob),
          isGreedy,
        ])
    }
    case 'loglikelihood_rolling': {
      const ask = await inParts.loglikelihoodRolling(of(kind))
      return async (places, options) =>
        checkAnswers('loglikelihoodRolling', await ask(places, options), places.length).map(
          (logprob) => new PyFloat(logprob),
        )
    }
    case 'generate_until': {
      const ask = await inParts.generateUntil(
        of(kind).map(({ context, kwargs }, draw) => ({
          ...generationRequest(context, kwargs, complainAbout(places[draw]!.file)),
          draw,
        })),
      )
      return async (places, options) => checkAnswers('generateUntil', await ask(places, options), places.length)
    }
  }
}
