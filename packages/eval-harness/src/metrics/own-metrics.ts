import { fromPlain, type PyDict, type PyValue, toPlain } from '@saeval/python/internal/values/value'
import { DocFieldError } from '../documents/doc-fields.js'
import type { MetricContext, MetricQuestion, MetricSettings, OwnMetric } from './metric-question.js'
import { isKnownMetric, metrics } from './metric-registry.js'
import { saevalMetrics } from './saeval-metrics.js'

type Registered = OwnMetric & Required<Pick<OwnMetric, 'aggregation' | 'higherIsBetter' | 'settings'>>

const registered = new Map<string, Registered>(
  Object.entries(saevalMetrics).map(([name, metric]) => [name, withDefaults(metric)]),
)

/** Makes `metric: name` known to task files. By default the mean is taken and higher is better. Throws Error for a name that is there. */
export function registerMetric(name: string, metric: OwnMetric): void {
  if (isKnownMetric(name) || registered.has(name)) throw new Error(`metric "${name}" is registered already`)
  if (typeof metric?.score !== 'function' && typeof metric?.scoreAll !== 'function')
    throw new Error(`metric "${name}" has no score: registerMetric takes { score, … }`)
  registered.set(name, withDefaults(metric))
}

function withDefaults(metric: OwnMetric): Registered {
  const { aggregation = 'mean', higherIsBetter = true, settings = [] } = metric
  const facts = { aggregation, higherIsBetter, settings }
  return metric.scoreAll === undefined
    ? { ...facts, score: (...given) => metric.score(...given) }
    : { ...facts, scoreAll: (...given) => metric.scoreAll(...given) }
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
  return documentValue(name, await own(name, (metric) => metric.score!(question, plainSettings(settings))))
}

/** Whether a metric gives the values of a task's documents at once. */
export function scoresAll(name: string): boolean {
  return registered.get(name)?.scoreAll !== undefined
}

/** The values of a task's documents, of a metric that gives them at once. Throws DocFieldError as scoreOwnMetric does. */
export async function scoreAllByOwnMetric(
  name: string,
  questions: readonly MetricQuestion[],
  settings: PyDict,
  context: MetricContext,
): Promise<readonly PyValue[]> {
  const values = await own(name, (metric) => metric.scoreAll!(questions, plainSettings(settings), context))
  if (!Array.isArray(values) || values.length !== questions.length)
    throw new DocFieldError(`metric ${name} does not give a value for each of ${questions.length} documents`)
  return values.map((value) => documentValue(name, value))
}

async function own(name: string, score: (metric: Registered) => unknown): Promise<unknown> {
  try {
    return await score(registered.get(name)!)
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'AbortError') throw cause
    throw new DocFieldError(`metric ${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

function plainSettings(settings: PyDict): MetricSettings {
  return toPlain(settings) as MetricSettings
}

function documentValue(name: string, value: unknown): PyValue {
  if (value === undefined || typeof value === 'function')
    throw new DocFieldError(`metric ${name} gives ${value === undefined ? 'nothing' : 'a function'} for a document`)
  return fromPlain(value)
}
