import { answerAll } from './answer-all.js'
import type { LanguageModel, RequestOptions } from './language-model.js'
import type { Answers, ModelRequest, RequestOf, RequestType } from './requests.js'

/** Asks a model requests of one type, which need not name it. */
type Ask<Type extends RequestType> = (
  model: Pick<LanguageModel, 'read'>,
  requests: readonly Omit<RequestOf<Type>, 'type'>[],
  options?: RequestOptions,
) => Promise<Answers[Type][]>

function asks<Type extends RequestType>(type: Type): Ask<Type> {
  return async (model, requests, options) => {
    const typed = requests.map((request) => ({ type, ...request }) as unknown as ModelRequest)
    return (await answerAll(model, typed, options)) as Answers[Type][]
  }
}

/** log P(continuation | context) of each pair. */
export const loglikelihood = asks('loglikelihood')

/** log P(text) of each document, in nats. */
export const loglikelihoodRolling = asks('loglikelihood_rolling')

/** The text after each context, cut at the first stop string. */
export const generateUntil = asks('generate_until')
