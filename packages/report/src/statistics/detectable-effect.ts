import { differenceError } from './difference-error.js'
import { normalQuantile } from './normal.js'

/**
 * The smallest true mean difference that a two-sided test at 5 % would find with a probability of 80 % on as many documents that vary as these do:
 * (z at 97.5 % + z at 80 %) times the standard error of differenceError. Source: Bloom 1995, "Minimum Detectable Effects".
 */
export function detectableEffect(before: readonly number[], after: readonly number[]): number {
  return (normalQuantile(0.975) + normalQuantile(0.8)) * differenceError(before, after).error
}
