import { bootstrapMeans } from './bootstrap-means.js'
import { detectableEffect } from './detectable-effect.js'
import { mcnemar } from './mcnemar.js'
import { normalQuantile } from './normal.js'

/** How far one run is from another on the same documents. */
export interface PairedDifference {
  /** Mean of after - before. */
  readonly difference: number
  /** Confidence interval of the difference, of 95 % unless another level was asked for. */
  readonly low: number
  readonly high: number
  /** Two-sided, for no difference. */
  readonly pValue: number
  readonly method: 'mcnemar' | 'bootstrap'
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
 * otherwise both come from a paired bootstrap with 10,000 draws and a fixed seed (percentile interval; the p value counts
 * draws, moved to mean 0, at least as far from 0 as the difference). At least one document.
 */
export function pairedDifference(before: readonly number[], after: readonly number[], level = 0.95): PairedDifference {
  if (before.length !== after.length || before.length === 0)
    throw new Error(`paired values must be as many on both sides, at least one: ${before.length} and ${after.length}`)
  const isBinary = [...before, ...after].every((value) => value === 0 || value === 1)
  const risen = before.filter((value, index) => value < after[index]!).length
  const fallen = before.filter((value, index) => value > after[index]!).length
  const counted = { n: before.length, risen, fallen, detectable: detectableEffect(before, after) }
  return { ...(isBinary ? binaryDifference(counted, level) : bootstrapDifference(before, after, level)), ...counted }
}

type Tested = Omit<PairedDifference, 'n' | 'risen' | 'fallen' | 'detectable'>

function binaryDifference(
  { n, risen: gained, fallen: lost }: Pick<PairedDifference, 'n' | 'risen' | 'fallen'>,
  level: number,
): Tested {
  const up = (gained + 1) / (n + 2)
  const down = (lost + 1) / (n + 2)
  const reach = normalQuantile((1 + level) / 2) * Math.sqrt((up + down - (up - down) ** 2) / (n + 2))
  return {
    difference: (gained - lost) / n,
    low: Math.max(-1, up - down - reach),
    high: Math.min(1, up - down + reach),
    pValue: mcnemar(gained, lost),
    method: 'mcnemar',
  }
}

function bootstrapDifference(before: readonly number[], after: readonly number[], level: number): Tested {
  const outside = (1 - level) / 2
  const differences = after.map((value, index) => value - before[index]!)
  const difference = mean(differences)
  const means = bootstrapMeans(differences)
  const draws = means.length
  const distance = Math.abs(difference) * (1 - 1e-12)
  const farther = means.filter((value) => Math.abs(value - difference) >= distance).length
  return {
    difference,
    low: means[Math.floor(outside * draws)]!,
    high: means[Math.ceil((1 - outside) * draws) - 1]!,
    pValue: difference === 0 ? 1 : (farther + 1) / (draws + 1),
    method: 'bootstrap',
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
