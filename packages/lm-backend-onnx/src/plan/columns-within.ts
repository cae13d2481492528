/** New tokens of a row whose attention matrix has at most so many cells: each looks at `past` tokens and at all new ones. At least 1. */
export function columnsWithin(cells: number, past: number): number {
  if (cells === Number.POSITIVE_INFINITY) return cells
  // the larger root of n * (past + n) = cells
  return Math.max(1, Math.floor((Math.sqrt(past * past + 4 * cells) - past) / 2))
}
