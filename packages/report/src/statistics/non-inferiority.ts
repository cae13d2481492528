import { differenceError } from './difference-error.js'
import { normalCdf, normalQuantile } from './normal.js'
import { studentQuantile, studentUpper } from './student.js'

/** Whether a loss stays within a budget. */
export interface WithinBudget {
  /** Mean of after - before. */
  readonly difference: number
  /** One-sided bounds, each of 95 %: the difference is above `low`, and below `high`. Infinite where there are too few documents for one. */
  readonly low: number
  readonly high: number
  /** Standard error, see differenceError; infinite for one document that is no share. */
  readonly error: number
  /** One-sided, for a loss of the budget or more: small where the loss is surely less. */
  readonly pValue: number
  /** Documents. */
  readonly n: number
}

/**
 * Whether documents lose less than `budget` (0 or more, in the metric's unit) on average, in a metric whose larger values are better. Of zeros and ones
 * by the adjusted Wald interval of Bonett and Price 2012. Of other values by Student's t with n - 1 degrees of freedom (1908), but no p value is below
 * smallestGuardP: a few documents that happen to change alike prove nothing. So fewer than 5 of them have no bounds.
 */
export function withinBudget(before: readonly number[], after: readonly number[], budget: number): WithinBudget {
  const { centre, error, difference, isShare } = differenceError(before, after)
  const n = before.length
  const distance = centre + budget
  const bounds = (reach: number) => ({ low: centre - reach, high: centre + reach, difference, error, n })
  if (isShare) return { ...bounds(normalQuantile(0.95) * error), pValue: 1 - normalCdf(distance / error) }
  const least = smallestGuardP(n)
  const reach = least > 0.05 ? Number.POSITIVE_INFINITY : studentQuantile(0.95, n - 1) * error
  if (n === 1 || error === 0) return { ...bounds(reach), pValue: distance > 0 ? least : 1 }
  return { ...bounds(reach), pValue: Math.max(least, studentUpper(distance / error, n - 1)) }
}

/**
 * The smallest p value of `n` documents that are not zeros and ones, 2^-n: that of the one-sided sign-flip test where all are on the same side of the
 * budget (Fisher 1935, The Design of Experiments, section 21).
 */
export function smallestGuardP(n: number): number {
  return 2 ** -n
}

/** The loss that could at best be excluded with `n` documents of zeros and ones, when none of them changes; `level` of the one-sided bound. */
export function smallestBudget(n: number, level = 0.95): number {
  const same = new Array<number>(n).fill(1)
  return normalQuantile(level) * differenceError(same, same).error
}
