import { PyRandom } from '@saeval/python/internal/random'
import { takeTurns } from '../turns/take-turns.js'
import { type Aggregation, type Items, numeric, questions } from './aggregations.js'

/** Sample standard deviation (divisor n - 1). */
export function sampleStddev(values: readonly number[]): number {
  const center = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1))
}

/** Standard error of a mean: sample standard deviation over the square root of n. */
export function meanStderr(values: readonly number[]): number {
  return sampleStddev(values) / Math.sqrt(values.length)
}

/** Standard error of a metric's aggregate as lm_eval estimates it; null where it does not. */
export async function standardError(
  aggregation: Aggregation,
  items: Items,
  bootstrapIterations: number,
  signal?: AbortSignal,
): Promise<number | null> {
  switch (aggregation.stderr) {
    case 'mean':
      return meanStderr(items.map(numeric))
    case 'bootstrap':
      return bootstrapStderr(aggregation, items, bootstrapIterations, signal)
    case 'acc_all':
      return accAllStderr(items)
    case null:
      return null
  }
}

/** Standard error of acc_all; lm_eval takes questions of different paragraphs with one number for one. */
export function accAllStderr(items: Items): number {
  const all = items.map((_, place) => place)
  return meanStderr([...questions(items, all, (index) => String(index.get('question'))).values()].map(Number))
}

/**
 * Standard deviation of an aggregation over resampled documents, drawn as lm_eval draws them: chunks of at most 1,000 draws, chunk i by
 * Python's generator seeded with i. Meanwhile others may run: 100,000 draws of thousands of documents take seconds.
 */
export async function bootstrapStderr(
  aggregation: Aggregation,
  items: Items,
  iterations: number,
  signal?: AbortSignal,
): Promise<number> {
  const chunk = Math.min(1000, iterations)
  const select = aggregation.prepare(items)
  const places = new Int32Array(items.length)
  const values: number[] = []
  for (let i = 0; i < Math.floor(iterations / chunk); i++) {
    const random = new PyRandom(i)
    for (let draw = 0; draw < chunk; draw++) {
      await takeTurns(signal)
      random.choosePlaces(places)
      values.push(select(places))
    }
  }
  return sampleStddev(values)
}

/** Mean of several tasks' scores, by their numbers of documents or each counting once. */
export function aggregateScores(scores: readonly number[], sizes: readonly number[], weightBySize: boolean): number {
  const weights = weightBySize ? sizes : sizes.map(() => 1)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return scores.reduce((sum, score, i) => sum + score * weights[i]!, 0) / total
}

/** Standard error of the size-weighted mean of k tasks: sqrt(sum((n - 1) se^2 n) / (sum n - k) / sum n), the pooled variance. */
export function pooledStderr(stderrs: readonly number[], sizes: readonly number[]): number {
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const variance =
    stderrs.reduce((sum, stderr, i) => sum + (sizes[i]! - 1) * stderr ** 2 * sizes[i]!, 0) / (total - sizes.length)
  return Math.sqrt(variance / total)
}

/** Standard error of the mean of k tasks that count alike: sqrt(sum(se^2)) / k (lm_eval 0.4.13's unweighted_mean_stderr). */
export function unweightedStderr(stderrs: readonly number[]): number {
  return Math.sqrt(stderrs.reduce((sum, stderr) => sum + stderr ** 2, 0)) / stderrs.length
}
