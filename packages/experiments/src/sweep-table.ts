import { type Comparison, changedAnswers, type ExperimentRun, type Parameters } from '@saeval/report'

/**
 * The results of a sweep as a tidy CSV: a line for each cell, task, metric and filter. The baseline's lines have empty parameters and no differences.
 */
export function sweepTable(
  baseline: ExperimentRun | null,
  cells: readonly { readonly run: ExperimentRun; readonly comparisons: readonly Comparison[] }[],
): string {
  const runs = [...(baseline ? [{ run: baseline, comparisons: [] as readonly Comparison[] }] : []), ...cells]
  const axes = [...new Set(cells.flatMap(({ run }) => Object.keys(run.parameters)))]
  const header = [...axes, 'task', 'metric', 'filter', 'value', 'stderr', 'n', ...differenceColumns]
  const lines = runs.flatMap(({ run, comparisons }) =>
    run.results.scores.map(({ task, metric, filter, value, stderr, n }) => {
      const comparison = comparisons.find(
        (item) => item.task === task && item.metric === metric && item.filter === filter,
      )
      return [
        ...axisCells(axes, run.parameters),
        task,
        metric,
        filter,
        value,
        stderr,
        n,
        ...differenceCells(comparison),
      ]
    }),
  )
  return [header, ...lines].map((cells) => `${cells.map(csvCell).join(',')}\n`).join('')
}

const differenceColumns = [
  'difference',
  'difference_low',
  'difference_high',
  'p_value',
  'p_value_holm',
  'test',
  'improved',
  'worsened',
  'detectable',
]

function differenceCells(comparison: Comparison | undefined): (string | number | null)[] {
  if (!comparison) return differenceColumns.map(() => null)
  const { before, after, paired, unpaired, holm } = comparison
  if (!paired) return [after - before, null, null, null, null, unpaired, null, null, null]
  const { improved, worsened } = changedAnswers(comparison)!
  const { difference, low, high, pValue, method, detectable } = paired
  return [difference, low, high, pValue, holm, method, improved, worsened, detectable]
}

function axisCells(axes: readonly string[], parameters: Parameters): (string | number | null)[] {
  return axes.map((axis) => parameters[axis] ?? null)
}

function csvCell(value: string | number | null): string {
  const text = value === null ? '' : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
