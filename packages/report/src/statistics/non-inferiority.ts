import { differenceError, type ErrorOfDifference } from './difference-error.js'
import { normalCdf, normalQuantile } from './normal.js'

/** Whether a loss stays within a budget. */
export interface WithinBudget {
  /** Mean of after - before. */
  readonly difference: number
  /** One-sided bounds, each of 95 %: the difference is above `low`, and below `high`. */
  readonly low: number
  readonly high: number
  /** One-sided, for a loss of the budget or more: small where the loss is surely less. */
  readonly pValue: number
  /** Documents. */
  readonly n: number
}

/**
 * Whether documents lose less than `budget` (0 or more, in the metric's unit) on average, in a metric whose larger values are better. Normal
 * approximation with the error of differenceError, so for zeros and ones the adjusted Wald interval of Bonett and Price 2012.
 */
export function withinBudget(before: readonly number[], after: readonly number[], budget: number): WithinBudget {
  const { centre, error, difference }: ErrorOfDifference = differenceError(before, after)
  const reach = normalQuantile(0.95) * error
  const distance = centre + budget
  return {
    difference,
    low: centre - reach,
    high: centre + reach,
    pValue: error === 0 ? (distance > 0 ? 0 : 1) : 1 - normalCdf(distance / error),
    n: before.length,
  }
}

/** The loss that could at best be excluded with `n` documents of zeros and ones, when none of them changes. */
export function smallestBudget(n: number): number {
  const same = new Array<number>(n).fill(1)
  return -withinBudget(same, same, 0).low
}
