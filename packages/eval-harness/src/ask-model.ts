import type { LanguageModel, RequestOptions } from './language-model.js'
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
 * Asks a model everything that tasks need, kind by kind, each kind at once so that the model can share work. The result has the answers of
 * every task's requests in their order.
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
  let before = 0
  for (const kind of ['loglikelihood', 'loglikelihood_rolling', 'generate_until'] as const) {
    const wanted = all.filter(({ request }) => request.type === kind)
    if (wanted.length === 0) continue
    const done = before
    const answers = await askKind(model, kind, wanted, {
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

async function askKind(
  model: LanguageModel,
  kind: Kind,
  places: readonly Place[],
  options: RequestOptions,
): Promise<PyValue[]> {
  const of = <K extends Kind>(type: K) =>
    places
      .map(({ request }) => request)
      .filter((request): request is Extract<TaskRequest, { type: K }> => request.type === type)
  switch (kind) {
    case 'loglikelihood': {
      const answers = await model.loglikelihood(of(kind), options)
      return answers.map(({ logprob, isGreedy }) => [new PyFloat(logprob), isGreedy])
    }
    case 'loglikelihood_rolling':
      return (await model.loglikelihoodRolling(of(kind), options)).map((logprob) => new PyFloat(logprob))
    case 'generate_until':
      return model.generateUntil(
        of(kind).map(({ context, kwargs }, draw) => ({
          ...generationRequest(context, kwargs, complainAbout(places[draw]!.file)),
          draw,
        })),
        options,
      )
  }
}
