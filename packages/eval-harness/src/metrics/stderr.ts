import { PyRandom } from '../python/random.js'
import { numberOf, type PyValue } from '../python/value.js'
import type { Aggregation } from './aggregations.js'

/** Sample standard deviation (divisor n - 1). */
export function sampleStddev(values: readonly number[]): number {
  const center = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1))
}

/** Standard error of a mean: sample standard deviation over the square root of n. */
export function meanStderr(items: readonly PyValue[]): number {
  return sampleStddev(items.map((item) => numberOf(item)!)) / Math.sqrt(items.length)
}

/**
 * Standard deviation of an aggregation over resampled documents, drawn as lm_eval draws them: chunks of at most 1,000 draws, chunk i by
 * Python's generator seeded with i.
 */
export function bootstrapStderr(aggregation: Aggregation, items: readonly PyValue[], iterations: number): number {
  const chunk = Math.min(1000, iterations)
  const values: number[] = []
  for (let i = 0; i < Math.floor(iterations / chunk); i++) {
    const random = new PyRandom(i)
    for (let draw = 0; draw < chunk; draw++) values.push(aggregation(random.choices(items, items.length)))
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
