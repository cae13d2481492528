import { FunctionReference } from '@saeval/python/internal/functions/function-reference'
import type { TaskFunction } from '@saeval/python/internal/functions/task-function'
import { type PyDict, PyFloat, type PyValue } from '@saeval/python/internal/values/value'
import { callFunction, DocFieldError } from '../documents/doc-fields.js'
import { findAggregation } from './aggregation-registry.js'
import { type Aggregation, aggregate, type Items } from './aggregations.js'
import type { OpenMetric } from './generation.js'
import { slowMetrics } from './metric-registry.js'
import { standardError } from './stderr.js'

/** A metric's values of all documents under one filter. */
export interface MetricValues {
  readonly metric: string
  readonly filter: string
  readonly items: PyValue[]
}

export interface AggregateOptions {
  readonly bootstrapIterations: number
  /** Called with the name of lm_eval's function before each resampling. */
  readonly onBootstrap: (functionName: string) => void
  readonly signal?: AbortSignal
}

/**
 * A task's results: "acc,none" and "acc_stderr,none" for every metric and filter in the order in which they came up. A metric without an
 * aggregation of its own takes the mean. Throws DocFieldError for values that the aggregation cannot work with.
 */
export async function aggregateTask(
  values: readonly MetricValues[],
  metrics: readonly OpenMetric[],
  functions: ReadonlyMap<FunctionReference, TaskFunction>,
  options: AggregateOptions,
): Promise<PyDict> {
  const results = new Map<string, PyValue>()
  for (const { metric, filter, items } of values) {
    const declared = metrics.find(({ config }) => config.name === metric)?.config.aggregation ?? 'mean'
    if (declared instanceof FunctionReference) {
      results.set(`${metric},${filter}`, await callFunction(functions.get(declared)!, [items]))
      results.set(`${metric}_stderr,${filter}`, 'N/A')
      continue
    }
    const aggregation = findAggregation(declared)!
    const value = await known(metric, declared, () => aggregate(aggregation, items))
    const stderr = await known(metric, declared, () => stderrOf(metric, aggregation, items, options))
    results.set(`${metric},${filter}`, value)
    results.set(`${metric}_stderr,${filter}`, stderr === null ? 'N/A' : new PyFloat(stderr))
  }
  return results
}

async function stderrOf(
  metric: string,
  aggregation: Aggregation,
  items: Items,
  { bootstrapIterations, onBootstrap, signal }: AggregateOptions,
): Promise<number | null> {
  if (bootstrapIterations <= 0 || items.length < 2) return null
  if (aggregation.stderr === 'bootstrap') onBootstrap(aggregation.functionName)
  const most = slowMetrics.has(metric) ? 100 : Number.POSITIVE_INFINITY
  return standardError(aggregation, items, Math.min(bootstrapIterations, most), signal)
}

async function known<Result>(
  metric: string,
  aggregation: string,
  step: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await step()
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    throw new DocFieldError(`aggregation "${aggregation}" of metric ${metric} cannot work with ${cause.message}`, {
      cause,
    })
  }
}
