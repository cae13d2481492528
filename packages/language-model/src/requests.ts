import type { GenerationSettings } from './generation-settings.js'

/** log P(continuation | context), as lm_eval's loglikelihood request. */
export interface LoglikelihoodRequest {
  readonly type: 'loglikelihood'
  readonly context: string
  readonly continuation: string
}

/** The answer to a LoglikelihoodRequest. */
export interface LoglikelihoodResult {
  /** Sum over the continuation's tokens, in nats. */
  readonly logprob: number
  /** Whether every token of the continuation is the model's most likely one. */
  readonly isGreedy: boolean
}

/** log P(text) of a whole document in nats, in windows as lm_eval's loglikelihood_rolling request. */
export interface LoglikelihoodRollingRequest {
  readonly type: 'loglikelihood_rolling'
  readonly text: string
}

/** lm_eval's generate_until request; the defaults are applied by the harness, so every field is given. */
export interface GenerateUntilRequest {
  readonly type: 'generate_until'
  readonly context: string
  /** Stop strings; the end-of-text token always stops too. */
  readonly until: readonly string[]
  /** New tokens at most. */
  readonly maxGenToks: number
  readonly doSample: boolean
  readonly temperature: number
  /** What the task says of other settings of generate(); the model's own files decide about the rest. None by default. */
  readonly settings?: GenerationSettings
  /** Which of the run's draws a sampled text is; by default the request's place among those of its type. */
  readonly draw?: number
}

/** Anything that a model is asked, told apart by `type`. */
export type ModelRequest = LoglikelihoodRequest | LoglikelihoodRollingRequest | GenerateUntilRequest

/** What kinds of request there are. */
export type RequestType = ModelRequest['type']

/** The request of a type. */
export type RequestOf<Type extends RequestType> = Extract<ModelRequest, { readonly type: Type }>

/** Answers by type of request: a sum of log-probabilities in nats, or the text after the context, cut at the first stop string. */
export interface Answers {
  readonly loglikelihood: LoglikelihoodResult
  readonly loglikelihood_rolling: number
  readonly generate_until: string
}

/** The answer to a request. */
export type AnswerTo<Request extends ModelRequest> = Answers[Request['type']]

/** The types in the order in which requests are answered. */
export const requestTypes = [
  'loglikelihood',
  'loglikelihood_rolling',
  'generate_until',
] as const satisfies RequestType[]
