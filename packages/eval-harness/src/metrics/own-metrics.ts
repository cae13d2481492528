import type { LoglikelihoodResult } from '@saeval/language-model'
import { fromPlain, type PyDict, type PyValue, toPlain } from '@saeval/python/internal/values/value'
import { DocFieldError } from '../documents/doc-fields.js'
import { isKnownMetric, type MetricFacts, metrics } from './metric-registry.js'

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

const registered = new Map<string, Required<Omit<OwnMetric, 'score'>> & Pick<OwnMetric, 'score'>>()

/** Makes `metric: name` known to task files. By default the mean is taken and higher is better. Throws Error for a name that is there. */
export function registerMetric(name: string, metric: OwnMetric): void {
  if (isKnownMetric(name) || registered.has(name)) throw new Error(`metric "${name}" is registered already`)
  if (typeof metric?.score !== 'function')
    throw new Error(`metric "${name}" has no score: registerMetric takes { score, … }`)
  const { aggregation = 'mean', higherIsBetter = true, settings = [] } = metric
  registered.set(name, { aggregation, higherIsBetter, settings, score: (...given) => metric.score(...given) })
}

/** A metric of one's own; undefined for other names. */
export function ownMetric(name: string) {
  return registered.get(name)
}

/** Names of all metrics that a task file can name. */
export function metricNames(): string[] {
  return [...Object.keys(metrics), ...registered.keys()]
}

/** The value of a document. Throws DocFieldError for what the metric throws, and for a value that is none. */
export async function scoreOwnMetric(name: string, question: MetricQuestion, settings: PyDict): Promise<PyValue> {
  let value: unknown
  try {
    value = await registered.get(name)!.score(question, toPlain(settings) as Record<string, unknown>)
  } catch (cause) {
    throw new DocFieldError(`metric ${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
  if (value === undefined || typeof value === 'function')
    throw new DocFieldError(`metric ${name} gives ${value === undefined ? 'nothing' : 'a function'} for a document`)
  return fromPlain(value)
}
