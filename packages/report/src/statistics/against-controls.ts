import { studentTwoSided, studentUpper } from './student.js'

/** An effect beside those of controls, which say what an edit does that means nothing. */
export interface AgainstControls {
  /** Controls. */
  readonly n: number
  readonly mean: number
  /** Standard deviation, of n - 1. */
  readonly sd: number
  /**
   * For the effect being one more draw from the controls' distribution, taken for normal: t = (effect - mean) / (s sqrt(1 + 1/n)) with
   * n - 1 degrees of freedom (prediction interval of one observation). Finer than the rank, which cannot go below 1 / (n + 1).
   */
  readonly pValue: number
  /** (1 + controls at least as far out) / (n + 1): without any assumption (permutation test, Phipson and Smyth 2010). */
  readonly rankP: number
}

/**
 * Holds an effect against its null distribution, at least two controls. `resolution` is the smallest effect that can be seen (of a share one document of
 * n: 1/n; 0 where it is not known); s is at least as large, so that controls that all do nothing do not make everything significant. Where s is 0, p is rankP.
 * `side`: "both" for a distance from the controls' mean either way; "above" where only a larger effect is wanted, so that one that does less than
 * controls has a p value near 1.
 */
export function againstControls(
  effect: number,
  controls: readonly number[],
  resolution: number,
  side: 'both' | 'above' = 'both',
): AgainstControls {
  const n = controls.length
  if (n < 2) throw new Error(`a null distribution needs at least two controls, not ${n}`)
  const mean = controls.reduce((sum, value) => sum + value, 0) / n
  const sd = Math.sqrt(controls.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1))
  const outOf = (value: number) => (side === 'both' ? Math.abs(value - mean) : value - mean)
  const distance = outOf(effect)
  const spread = Math.max(sd, resolution)
  const farther = controls.filter((value) => outOf(value) >= distance - 1e-12 * Math.abs(distance)).length
  const rankP = (1 + farther) / (n + 1)
  const tail = side === 'both' ? studentTwoSided : studentUpper
  const pValue = spread === 0 ? rankP : tail(distance / (spread * Math.sqrt(1 + 1 / n)), n - 1)
  return { n, mean, sd, pValue, rankP }
}
