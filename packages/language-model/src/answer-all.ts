import type { LanguageModel, RequestOptions } from './language-model.js'
import type { AnswerTo, ModelRequest } from './requests.js'

/** Asks a model a whole list of requests; answers come in their order. */
export async function answerAll<Request extends ModelRequest>(
  model: Pick<LanguageModel, 'read'>,
  requests: readonly Request[],
  options?: RequestOptions,
): Promise<AnswerTo<Request>[]> {
  return (await model.read(requests)).answer([...requests.keys()], options)
}
