/** Values that numpy adds in one go. */
const block = 128

/**
 * The sum as numpy's add.reduce makes it of contiguous doubles, to the last digit: 8 running sums in blocks of at most 128 values, halves of
 * longer lists on their own (numpy's pairwise summation, `DOUBLE_pairwise_sum`).
 */
export function pairwiseSum(values: ArrayLike<number>, start = 0, end = values.length): number {
  const size = end - start
  if (size > block) {
    const half = Math.floor(size / 2)
    const middle = start + half - (half % 8)
    return pairwiseSum(values, start, middle) + pairwiseSum(values, middle, end)
  }
  let sum = 0
  let next = start
  if (size >= 8) {
    const sums = Array.from({ length: 8 }, (_, i) => values[start + i]!)
    for (next += 8; next + 8 <= end; next += 8) for (let i = 0; i < 8; i++) sums[i]! += values[next + i]!
    const [a, b, c, d, e, f, g, h] = sums as [number, number, number, number, number, number, number, number]
    sum = a + b + (c + d) + (e + f + (g + h))
  }
  for (; next < end; next++) sum += values[next]!
  return sum
}
