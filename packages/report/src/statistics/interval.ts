import { bootstrapMeans } from './bootstrap-means.js'
import { normalQuantile } from './normal.js'

/** A confidence interval. */
export interface Interval {
  readonly low: number
  readonly high: number
}

/** The interval of a mean, and how it was found. */
export interface MeanInterval extends Interval {
  /** Of a proportion Wilson's; of other documents' values a bootstrap; without documents 1.96 standard errors to each side. */
  readonly method: 'wilson' | 'bootstrap' | 'normal'
}

/**
 * Wilson's score interval of a proportion, `successes` of `n` (1 or more). It has a width at 0 and 1 and never leaves them.
 * Source: Wilson 1927; recommended by Brown, Cai and DasGupta 2001 (Statistical Science 16:2, equation 4).
 */
export function wilsonInterval(successes: number, n: number, level = 0.95): Interval {
  const z = normalQuantile((1 + level) / 2)
  const p = successes / n
  const centre = (successes + (z * z) / 2) / (n + z * z)
  const reach = ((z * Math.sqrt(n)) / (n + z * z)) * Math.sqrt(p * (1 - p) + (z * z) / (4 * n))
  // at the ends the formula gives p itself, but for rounding
  return { low: successes === 0 ? 0 : centre - reach, high: successes === n ? 1 : centre + reach }
}

/**
 * 95 % interval of the mean of documents' values: Wilson's where all are 0 or 1, otherwise the percentiles of a bootstrap (10,000 draws, fixed seed),
 * which do not leave the range of the values. null for fewer than two values that are not 0 and 1, and where one is not finite.
 */
export function meanInterval(values: readonly number[]): MeanInterval | null {
  if (values.length > 0 && values.every((value) => value === 0 || value === 1)) {
    const successes = values.reduce<number>((sum, value) => sum + value, 0)
    return { ...wilsonInterval(successes, values.length), method: 'wilson' }
  }
  if (values.length < 2 || !values.every(Number.isFinite)) return null
  const means = bootstrapMeans(values)
  return {
    low: means[Math.floor(0.025 * means.length)]!,
    high: means[Math.ceil(0.975 * means.length) - 1]!,
    method: 'bootstrap',
  }
}

/**
 * Whether a mean's standard error is that of a share, sqrt(p (1 - p) / (n - 1)), as lm_eval's mean_stderr has it; null where it is 0 and says nothing, or is
 * not known.
 */
export function isShareError(value: number, error: number | null, n: number): boolean | null {
  if (error === null || !(n > 1) || !Number.isFinite(value)) return null
  if (error === 0) return value === 0 || value === 1 ? null : false
  return Math.abs(Math.sqrt((value * (1 - value)) / (n - 1)) - error) <= 1e-9
}

/**
 * 95 % interval from a mean, its standard error and the number of documents alone. Wilson's where the error does not speak against a share
 * (isShareError); otherwise 1.96 standard errors to each side.
 */
export function intervalOfError(value: number, error: number, n: number): MeanInterval {
  if (n > 1 && isShareError(value, error, n) !== false) return { ...wilsonInterval(value * n, n), method: 'wilson' }
  const reach = normalQuantile(0.975) * error
  return { low: value - reach, high: value + reach, method: 'normal' }
}
