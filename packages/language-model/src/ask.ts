import { answerAll } from './answer-all.js'
import type { LanguageModel, RequestOptions } from './language-model.js'
import type {
  GenerateUntilRequest,
  LoglikelihoodRequest,
  LoglikelihoodResult,
  LoglikelihoodRollingRequest,
} from './requests.js'

/** log P(continuation | context) of each pair. */
export function loglikelihood(
  model: Pick<LanguageModel, 'read'>,
  pairs: readonly Omit<LoglikelihoodRequest, 'type'>[],
  options?: RequestOptions,
): Promise<LoglikelihoodResult[]> {
  return answerAll(
    model,
    pairs.map((pair) => ({ type: 'loglikelihood', ...pair })),
    options,
  )
}

/** log P(text) of each document, in nats. */
export function loglikelihoodRolling(
  model: Pick<LanguageModel, 'read'>,
  documents: readonly Omit<LoglikelihoodRollingRequest, 'type'>[],
  options?: RequestOptions,
): Promise<number[]> {
  return answerAll(
    model,
    documents.map((document) => ({ type: 'loglikelihood_rolling', ...document })),
    options,
  )
}

/** The text after each context, cut at the first stop string. */
export function generateUntil(
  model: Pick<LanguageModel, 'read'>,
  requests: readonly Omit<GenerateUntilRequest, 'type'>[],
  options?: RequestOptions,
): Promise<string[]> {
  return answerAll(
    model,
    requests.map((request) => ({ type: 'generate_until', ...request })),
    options,
  )
}
