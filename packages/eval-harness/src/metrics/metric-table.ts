import { InputError } from '@saeval/hub'
import type { PyValue } from '../python/value.js'
import type { MetricConfig } from '../tasks/task-config.js'
import {
  type Aggregation,
  brierScore,
  f1,
  matthewsCorrcoef,
  mean,
  median,
  nanmean,
  perplexity,
} from './aggregations.js'
import { bootstrapStderr, meanStderr } from './stderr.js'

interface AggregationFacts {
  readonly aggregate: Aggregation
  /** How lm_eval estimates the standard error; null: it does not. */
  readonly stderr: 'mean' | 'bootstrap' | null
}

/** lm_eval's aggregations by name. */
export const aggregations: Readonly<Record<string, AggregationFacts>> = {
  mean: { aggregate: mean, stderr: 'mean' },
  median: { aggregate: median, stderr: 'bootstrap' },
  nanmean: { aggregate: nanmean, stderr: 'bootstrap' },
  perplexity: { aggregate: perplexity, stderr: 'bootstrap' },
  f1: { aggregate: f1, stderr: 'bootstrap' },
  matthews_corrcoef: { aggregate: matthewsCorrcoef, stderr: 'bootstrap' },
  brier_score: { aggregate: brierScore, stderr: null },
}

/** Metrics of multiple-choice tasks with lm_eval's default aggregation and direction. */
export const metrics: Readonly<Record<string, { readonly aggregation: string; readonly higherIsBetter: boolean }>> = {
  acc: { aggregation: 'mean', higherIsBetter: true },
  acc_norm: { aggregation: 'mean', higherIsBetter: true },
  acc_bytes: { aggregation: 'mean', higherIsBetter: true },
  acc_mutual_info: { aggregation: 'mean', higherIsBetter: true },
  exact_match: { aggregation: 'mean', higherIsBetter: true },
  f1: { aggregation: 'f1', higherIsBetter: true },
  mcc: { aggregation: 'matthews_corrcoef', higherIsBetter: true },
  brier_score: { aggregation: 'brier_score', higherIsBetter: false },
}

/** A metric of a task, ready to be aggregated. */
export interface Metric {
  readonly name: string
  /** null where the task file says so. */
  readonly higherIsBetter: boolean | null
  aggregate(items: readonly PyValue[]): number
  /** null where there is none: one document only, no known estimate, or no iterations. */
  stderr(items: readonly PyValue[], bootstrapIterations: number): number | null
}

/** The metrics of a task's metric_list. Throws InputError naming task and metric. */
export function taskMetrics(task: string, list: readonly MetricConfig[]): Metric[] {
  return list.map((config) => {
    const facts = metrics[config.metric]
    if (!facts)
      throw new InputError(
        `task ${task}: metric "${config.metric}" is not known for multiple-choice tasks; there are ${Object.keys(metrics).join(', ')}`,
      )
    const name = config.aggregation ?? facts.aggregation
    const aggregation = aggregations[name]
    if (!aggregation)
      throw new InputError(
        `task ${task}: aggregation "${name}" of metric ${config.metric} is not known; there are ${Object.keys(aggregations).join(', ')}`,
      )
    return {
      name: config.metric,
      higherIsBetter: config.higherIsBetter === undefined ? facts.higherIsBetter : config.higherIsBetter,
      aggregate: (items) => aggregated(task, config.metric, name, () => aggregation.aggregate(items)),
      stderr: (items, iterations) => {
        if (iterations <= 0 || items.length < 2) return null
        if (aggregation.stderr === 'mean') return meanStderr(items)
        return aggregation.stderr === 'bootstrap' ? bootstrapStderr(aggregation.aggregate, items, iterations) : null
      },
    }
  })
}

function aggregated(task: string, metric: string, aggregation: string, aggregate: () => number): number {
  try {
    return aggregate()
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    throw new InputError(
      `task ${task}: aggregation "${aggregation}" of metric ${metric} cannot work with ${cause.message}`,
      { cause },
    )
  }
}
