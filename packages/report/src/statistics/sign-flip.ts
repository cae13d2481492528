import { seededUniform } from '@saeval/hub/internal/seeded-uniform'

/** Differences up to which every way to turn signs is counted: 2^13 ways, fewer than the draws above. */
const mostCounted = 13
const draws = 10_000

/**
 * Two-sided p value of paired differences, for a distribution that is symmetric about 0: the share of all ways to turn their signs whose sum is at least
 * as far from 0 (Fisher 1935, The Design of Experiments, section 21). Differences of 0 turn into themselves and are left out. Above 13 others 10,000 ways
 * are drawn with a fixed seed, and the one that is there counts too (Phipson and Smyth 2010). Never below smallestSignFlipP; 1 where nothing differs.
 */
export function signFlipP(differences: readonly number[]): number {
  const moved = differences.filter((value) => value !== 0)
  const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)
  // sums of the same numbers in other orders differ by rounding
  const least = Math.abs(total(moved)) - 1e-12 * total(moved.map(Math.abs))
  const isFar = (sum: number) => Math.abs(sum) >= least
  if (moved.length <= mostCounted) {
    let sums = [0]
    for (const value of moved) sums = sums.flatMap((sum) => [sum + value, sum - value])
    return sums.filter(isFar).length / sums.length
  }
  const random = seededUniform(1234)
  let far = 1
  for (let draw = 0; draw < draws; draw++) {
    let sum = 0
    for (const value of moved) sum += random() < 0.5 ? value : -value
    if (isFar(sum)) far++
  }
  return far / (draws + 1)
}

/** The smallest p value that signFlipP, and McNemar's test of shares, can give for `n` documents: all of them change the same way. */
export function smallestSignFlipP(n: number): number {
  return Math.min(1, 2 ** (1 - n))
}
