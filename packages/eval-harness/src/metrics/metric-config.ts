import { didYouMean } from '@saeval/hub'
import { FunctionReference } from '@saeval/python/internal/functions/function-reference'
import { isDict, type PyDict, type PyValue } from '@saeval/python/internal/values/value'
import { checkPatterns } from '../filters/ignored-patterns.js'
import { type Complain, checkKeys } from '../yaml/check-fields.js'
import type { YamlValue } from '../yaml/yaml.js'
import { aggregationNames, findAggregation } from './aggregation-registry.js'
import { defaultMetrics, findMetric, isKnownMetric, type OutputType } from './metric-registry.js'
import { metricNames, ownMetric } from './own-metrics.js'

/** A metric of metric_list with its settings. */
export interface MetricConfig {
  /** Name under which results show it. */
  readonly name: string
  /** A Python function instead of a registered metric. */
  readonly function: FunctionReference | null
  /** hf_evaluate: a metric of Hugging Face's evaluate library. */
  readonly hfEvaluate: boolean
  /** ignore_case and the like. */
  readonly settings: PyDict
  /** Name of a registered aggregation, or a Python function. */
  readonly aggregation: string | FunctionReference
  readonly higherIsBetter: PyValue
}

/** Settings that metrics have; tasks of lm_eval give them to metrics that do not look at them, too. */
const settings = [
  'ignore_case',
  'ignore_punctuation',
  'ignore_numbers',
  'regexes_to_ignore',
  'average',
  'weight_by_size',
]
const ownFields = new Set(['metric', 'aggregation', 'higher_is_better', 'hf_evaluate'])
/** Metrics of the evaluate library that this program computes itself. */
const evaluateMetrics = ['accuracy', 'f1', 'exact_match']

/** The metrics of a task, checked; `list` null takes lm_eval's for the output type. */
export function metricConfigs(
  list: YamlValue,
  outputType: OutputType,
  hasProcessResults: boolean,
  complain: Complain,
): MetricConfig[] {
  if (list === null) return defaultMetrics[outputType].map((name) => metricConfig(new Map([['metric', name]])))
  const configs = (list as readonly YamlValue[]).map((entry) => {
    if (!isDict(entry)) throw complain('metric_list', 'has an entry that is not a mapping')
    checkKeys(entry, 'metric_list', complain)
    const metric = (entry as ReadonlyMap<string, YamlValue>).get('metric')
    if (typeof metric !== 'string' && !(metric instanceof FunctionReference))
      throw complain('metric_list', 'has an entry without a metric')
    check(entry as ReadonlyMap<string, YamlValue>, outputType, hasProcessResults, complain)
    return metricConfig(entry as ReadonlyMap<string, YamlValue>)
  })
  // of a metric named twice the settings of the last one count, at the place of the first
  return [...new Map(configs.map((config) => [config.name, config])).values()]
}

function metricConfig(entry: ReadonlyMap<string, YamlValue>): MetricConfig {
  const metric = entry.get('metric') as string | FunctionReference
  const name = typeof metric === 'string' ? metric : metric.functionName
  const facts = typeof metric === 'string' ? (ownMetric(metric) ?? findMetric(metric)) : findMetric(name)
  return {
    name,
    function: typeof metric === 'string' ? null : metric,
    hfEvaluate: entry.get('hf_evaluate') === true || (typeof metric === 'string' && facts === undefined),
    settings: new Map([...entry].filter(([key]) => !ownFields.has(key)) as [string, PyValue][]),
    aggregation: (entry.get('aggregation') as string | FunctionReference | undefined) ?? facts!.aggregation,
    higherIsBetter: entry.has('higher_is_better')
      ? (entry.get('higher_is_better') as PyValue)
      : (facts?.higherIsBetter ?? null),
  }
}

function check(
  entry: ReadonlyMap<string, YamlValue>,
  outputType: OutputType,
  hasProcessResults: boolean,
  complain: Complain,
): void {
  const metric = entry.get('metric') as string | FunctionReference
  const name = typeof metric === 'string' ? metric : metric.functionName
  const field = `metric_list.${name}`
  const aggregation = entry.get('aggregation') ?? null
  const own = typeof metric === 'string' ? ownMetric(metric) : undefined
  if (typeof aggregation === 'string' && findAggregation(aggregation) === undefined)
    throw complain(
      `${field}.aggregation`,
      `is "${aggregation}", which is not known; there are ${aggregationNames().join(', ')}`,
    )
  if (aggregation !== null && typeof aggregation !== 'string' && !(aggregation instanceof FunctionReference))
    throw complain(`${field}.aggregation`, 'is neither the name of an aggregation nor a Python function')
  if (aggregation === null && !isKnownMetric(name) && own === undefined)
    throw complain(field, 'names no aggregation, and it is not a metric that has one by default')
  // what a task's own process_results gives may have any name, and a Python metric any setting
  if (hasProcessResults || metric instanceof FunctionReference) return
  const evaluated = own === undefined && (entry.get('hf_evaluate') === true || !isKnownMetric(name))
  const names = metricNames()
  if (evaluated && !(outputType === 'generate_until' ? evaluateMetrics.includes(name) : isKnownMetric(name)))
    throw complain(
      'metric_list',
      `names the metric "${name}", which is not known${didYouMean(name, names)}; there are ${names.join(', ')}`,
    )
  const known = own?.settings ?? settings
  const unknown = [...entry.keys()].find((key) => !ownFields.has(key) && !known.includes(key))
  if (unknown !== undefined)
    throw complain(`${field}.${unknown}`, `is not a setting of a metric${didYouMean(unknown, known)}`)
  if (name === 'exact_match') checkPatterns(entry, field, complain)
}
