import type { LanguageModel, LoglikelihoodResult } from '@saeval/language-model'
import type { MetricFacts } from './metric-registry.js'

/** What a metric is asked about one document, in plain JavaScript values. `doc` holds the dataset's columns. */
export type MetricQuestion = { readonly doc: Readonly<Record<string, unknown>> } & (
  | {
      readonly type: 'generate_until'
      /** What the filters made of the model's text. */
      readonly answer: unknown
      /** What the model was given, and the text that it wrote; of several texts the first. */
      readonly prompt: string
      readonly text: string
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

/** What a metric can use beside a document. */
export interface MetricContext {
  /** The model that has answered; `steerableOf` gives it without its edits. */
  readonly model: LanguageModel
  readonly signal?: AbortSignal
}

/** The settings of a metric's entry in metric_list. */
export type MetricSettings = Readonly<Record<string, unknown>>

/**
 * A metric of one's own: `metric: name` in metric_list of a task file. The value of a document is a number or true or false for `mean`, for another aggregation
 * whatever it takes. A throw stops the run.
 */
export type OwnMetric = Partial<MetricFacts> & {
  /** Names beside `metric` that its entry in metric_list may have; none by default. */
  readonly settings?: readonly string[]
} & (
    | {
        /** The value of a document. */
        score(question: MetricQuestion, settings: MetricSettings): unknown
        readonly scoreAll?: never
      }
    | {
        /** The values of all documents of a task, in order: of a metric that asks the model. */
        scoreAll(
          questions: readonly MetricQuestion[],
          settings: MetricSettings,
          context: MetricContext,
        ): Promise<readonly unknown[]>
        readonly score?: never
      }
  )
