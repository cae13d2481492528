/** A paired difference and its standard error. */
export interface ErrorOfDifference {
  /** Mean of after - before. */
  readonly difference: number
  /** Middle of its interval. */
  readonly centre: number
  /** Standard error. */
  readonly error: number
  /** Whether all values are 0 or 1. */
  readonly isShare: boolean
}

/**
 * Standard error of the mean of after - before. Where all values are 0 or 1: Bonett and Price's adjusted Wald (2012), which adds one pair to each way
 * of changing and is never 0; otherwise the standard deviation of the differences over the root of their number, infinite for one. At least one pair.
 */
export function differenceError(before: readonly number[], after: readonly number[]): ErrorOfDifference {
  const n = before.length
  if (n === 0 || after.length !== n)
    throw new Error(`paired values must be as many on both sides, at least one: ${n} and ${after.length}`)
  const differences = after.map((value, index) => value - before[index]!)
  const difference = differences.reduce((sum, value) => sum + value, 0) / n
  const isShare = [...before, ...after].every((value) => value === 0 || value === 1)
  if (isShare) {
    const up = (differences.filter((value) => value > 0).length + 1) / (n + 2)
    const down = (differences.filter((value) => value < 0).length + 1) / (n + 2)
    return { difference, centre: up - down, error: Math.sqrt((up + down - (up - down) ** 2) / (n + 2)), isShare }
  }
  const squares = differences.reduce((sum, value) => sum + (value - difference) ** 2, 0)
  return {
    difference,
    centre: difference,
    error: n === 1 ? Number.POSITIVE_INFINITY : Math.sqrt(squares / (n - 1) / n),
    isShare,
  }
}
