import type { LoglikelihoodResult } from '@saeval/language-model'
import type { MetricFacts } from './metric-registry.js'

/** What a metric is asked about one document, in plain JavaScript values. `doc` holds the dataset's columns. */
export type MetricQuestion = { readonly doc: Readonly<Record<string, unknown>> } & (
  | {
      readonly type: 'generate_until'
      /** What the filters made of the model's text. */
      readonly answer: unknown
      /** doc_to_target; with doc_to_choice the index of the choice. */
      readonly target: unknown
    }
  | {
      readonly type: 'multiple_choice'
      readonly choices: readonly string[]
      /** Index of the right choice, or a list of indices; -100 for an answer that is none of the choices. */
      readonly target: number | readonly number[]
      /** For each choice its log-probability in nats, and whether it is the model's most likely text. */
      readonly results: readonly LoglikelihoodResult[]
    }
  | ({ readonly type: 'loglikelihood'; readonly target: unknown } & LoglikelihoodResult)
  | {
      readonly type: 'loglikelihood_rolling'
      readonly text: string
      /** In nats. */
      readonly logprob: number
    }
)

/** A metric of one's own: `metric: name` in metric_list of a task file. */
export interface OwnMetric extends Partial<MetricFacts> {
  /** Names beside `metric` that its entry in metric_list may have; none by default. */
  readonly settings?: readonly string[]
  /** The value of a document: a number or true or false for `mean`, for another aggregation whatever it takes. A throw stops the run. */
  score(question: MetricQuestion, settings: Readonly<Record<string, unknown>>): unknown
}
