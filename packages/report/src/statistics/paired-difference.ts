import { detectableEffect } from './detectable-effect.js'
import { differenceError } from './difference-error.js'
import { mcnemar } from './mcnemar.js'
import { normalQuantile } from './normal.js'
import { signFlipP } from './sign-flip.js'
import { studentQuantile } from './student.js'

/** How far one run is from another on the same documents. */
export interface PairedDifference {
  /** Mean of after - before. */
  readonly difference: number
  /** Confidence interval of the difference, of 95 % unless another level was asked for; without bounds (infinite) for one document that is no share. */
  readonly low: number
  readonly high: number
  /** Two-sided, for no difference. */
  readonly pValue: number
  readonly method: 'mcnemar' | 'sign_flip'
  /** Documents. */
  readonly n: number
  /** Documents whose value rose, and fell. */
  readonly risen: number
  readonly fallen: number
  /** The smallest true difference that these documents would have shown, see detectableEffect. */
  readonly detectable: number
}

/**
 * Difference of two runs on the same documents, `before[i]` and `after[i]` being one document's values. Where all values are 0 or 1 (accuracy)
 * the p value is McNemar's exact test and the interval Bonett and Price's adjusted Wald interval for paired proportions (2012);
 * otherwise the p value is the sign-flip test's (signFlipP) and the interval Student's with n - 1 degrees of freedom (1908). Both tests need documents:
 * of n the smallest p is 2 / 2^n. At least one document.
 */
export function pairedDifference(before: readonly number[], after: readonly number[], level = 0.95): PairedDifference {
  if (before.length !== after.length || before.length === 0)
    throw new Error(`paired values must be as many on both sides, at least one: ${before.length} and ${after.length}`)
  const risen = before.filter((value, index) => value < after[index]!).length
  const fallen = before.filter((value, index) => value > after[index]!).length
  const { difference, centre, error, isShare } = differenceError(before, after)
  const counted = { difference, n: before.length, risen, fallen, detectable: detectableEffect(before, after) }
  if (isShare) {
    const reach = normalQuantile((1 + level) / 2) * error
    return {
      ...counted,
      low: Math.max(-1, centre - reach),
      high: Math.min(1, centre + reach),
      pValue: mcnemar(risen, fallen),
      method: 'mcnemar',
    }
  }
  const reach = error === 0 ? 0 : studentQuantile((1 + level) / 2, before.length - 1) * error
  return {
    ...counted,
    low: difference - reach,
    high: difference + reach,
    pValue: signFlipP(after.map((value, index) => value - before[index]!)),
    method: 'sign_flip',
  }
}
