import { type Comparison, changedAnswers, type ExperimentRun, type NullEffect, type Parameters } from '@saeval/report'

/** A cell with its differences to the baseline, and those differences beside its controls. */
export interface SweptCell {
  readonly run: ExperimentRun
  readonly comparisons: readonly Comparison[]
  readonly beside: readonly NullEffect[]
}

/**
 * The results of a sweep as a tidy CSV: a line for each cell, task, metric and filter. The baseline's lines have empty parameters and no differences.
 */
export function sweepTable(baseline: ExperimentRun | null, cells: readonly SweptCell[]): string {
  const runs = [...(baseline ? [{ run: baseline, comparisons: [], beside: [] } satisfies SweptCell] : []), ...cells]
  const isControlled = cells.some(({ beside }) => beside.length > 0)
  const axes = [...new Set(cells.flatMap(({ run }) => Object.keys(run.parameters)))]
  const header = [
    ...axes,
    'task',
    'metric',
    'filter',
    'value',
    'stderr',
    'n',
    ...differenceColumns,
    ...(isControlled ? controlColumns : []),
  ]
  const lines = runs.flatMap(({ run, comparisons, beside }) =>
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
        ...(isControlled
          ? controlCells(beside.find((item) => item.task === task && item.metric === metric && item.filter === filter))
          : []),
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
  // one document has no interval
  const bounds = Number.isFinite(high - low) ? [low, high] : [null, null]
  return [difference, ...bounds, pValue, holm, method, improved, worsened, detectable]
}

const controlColumns = [
  'random_latents_mean',
  'random_latents_sd',
  'random_latents_p',
  'random_directions_mean',
  'random_directions_sd',
  'random_directions_p',
  'flipped_difference',
]

function controlCells(beside: NullEffect | undefined): (number | null)[] {
  const of = (kind: 'random latents' | 'random directions') => {
    const test = beside?.against.find((one) => one.kind === kind)?.test
    return test === undefined ? [null, null, null] : [test.mean, test.sd, test.pValue]
  }
  return [...of('random latents'), ...of('random directions'), beside?.flipped ?? null]
}

function axisCells(axes: readonly string[], parameters: Parameters): (string | number | null)[] {
  return axes.map((axis) => parameters[axis] ?? null)
}

function csvCell(value: string | number | null): string {
  const text = value === null ? '' : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
