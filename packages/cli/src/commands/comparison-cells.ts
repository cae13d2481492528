import type { Cell } from '@saeval/eval-harness/internal/results/markdown-table'
import type { Comparison } from '@saeval/report'
import { pValueText } from '@saeval/report/internal/html/numbers'

/** A value as the tables show it: four decimals, or Infinity and NaN, as in the table of results. */
export function valueCell(value: number): number {
  return Number(value.toFixed(4))
}

/** The difference, its interval (or why there is none) and what chance has to do with it, uncorrected and corrected. */
export function differenceCells({ before, after, paired, unpaired, holm }: Comparison): [Cell, Cell, Cell, Cell] {
  return [
    valueCell(after - before),
    paired ? `${paired.low.toFixed(4)} to ${paired.high.toFixed(4)}` : unpaired!,
    paired ? pValueText(paired.pValue) : '',
    holm === null ? '' : pValueText(holm),
  ]
}
