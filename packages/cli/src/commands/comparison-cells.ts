import type { Cell } from '@saeval/eval-harness/internal/results/markdown-table'
import { type Comparison, changedAnswers, type NullEffect } from '@saeval/report'
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

/** Documents that improved and worsened, the share of the worsened among them, and the smallest difference that these documents would have shown. */
export function changeCells(comparison: Comparison): [Cell, Cell, Cell, Cell] {
  const changed = changedAnswers(comparison)
  if (changed === null) return ['', '', '', '']
  const { improved, worsened, worsenedShare } = changed
  const share = worsenedShare === null ? '' : `${(100 * worsenedShare).toFixed(0)} %`
  return [improved, worsened, share, valueCell(comparison.paired!.detectable)]
}

/** Columns of controlCells. */
export const controlHeaders = ['Latents', 'p', 'Directions', 'p', 'Flipped']

/** The mean difference of random latents and p of the run being one of them, the same of random directions, and the difference with the sign flipped. */
export function controlCells(effects: readonly NullEffect[], { task, metric, filter }: Comparison): Cell[] {
  const effect = effects.find((one) => one.task === task && one.metric === metric && one.filter === filter)
  const of = (kind: 'random latents' | 'random directions'): Cell[] => {
    const test = effect?.against.find((one) => one.kind === kind)?.test
    return test === undefined ? ['', ''] : [valueCell(test.mean), pValueText(test.pValue)]
  }
  const flipped = effect?.flipped ?? null
  return [...of('random latents'), ...of('random directions'), flipped === null ? '' : valueCell(flipped)]
}
