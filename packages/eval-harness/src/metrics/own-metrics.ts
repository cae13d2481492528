import { fromPlain, type PyDict, type PyValue, toPlain } from '@saeval/python/internal/values/value'
import { DocFieldError } from '../documents/doc-fields.js'
import type { MetricQuestion, OwnMetric } from './metric-question.js'
import { isKnownMetric, metrics } from './metric-registry.js'
import { saevalMetrics } from './saeval-metrics.js'

type Registered = Required<Omit<OwnMetric, 'score'>> & Pick<OwnMetric, 'score'>

const registered = new Map<string, Registered>(
  Object.entries(saevalMetrics).map(([name, metric]) => [name, withDefaults(metric)]),
)

/** Makes `metric: name` known to task files. By default the mean is taken and higher is better. Throws Error for a name that is there. */
export function registerMetric(name: string, metric: OwnMetric): void {
  if (isKnownMetric(name) || registered.has(name)) throw new Error(`metric "${name}" is registered already`)
  if (typeof metric?.score !== 'function')
    throw new Error(`metric "${name}" has no score: registerMetric takes { score, … }`)
  registered.set(name, withDefaults(metric))
}

function withDefaults(metric: OwnMetric): Registered {
  const { aggregation = 'mean', higherIsBetter = true, settings = [] } = metric
  return { aggregation, higherIsBetter, settings, score: (...given) => metric.score(...given) }
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
