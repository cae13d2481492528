import { option, type Said, sentence } from '@saeval/hub'
import { changedAnswers } from '../compare/changed-answers.js'
import type { Comparison, Unpaired } from '../compare/compare.js'
import type { ExperimentRun } from '../results/read-experiment.js'
import type { Score } from '../results/run-results.js'
import { escapeHtml } from './escape.js'
import { differenceText, pValueText, scoreText } from './numbers.js'

/** A run with its comparisons to the baseline; null where there is none, or none with a task of the run. */
export interface ComparedRun {
  readonly run: ExperimentRun
  readonly comparisons: readonly Comparison[] | null
}

const reasons: Readonly<Record<Unpaired, Said>> = {
  'no samples': sentence`the samples of both runs are not here (${option('logSamples')})`,
  'different documents': 'the runs evaluated different documents',
  'not a mean': 'the metric is not a mean over documents',
  'not finite': 'a value is infinite or not a number',
}

/** The table of runs by tasks for one metric: values, differences to the unsteered model, which of them are beyond chance. */
export function overviewTable(
  baseline: ExperimentRun | null,
  runs: readonly ComparedRun[],
  columns: readonly Score[],
  words: (said: Said) => string,
): string {
  const heads = columns.map(
    ({ alias, members }) => `<th scope="col">${escapeHtml(alias)}${members ? ' <small>(group)</small>' : ''}</th>`,
  )
  const rows = [
    ...(baseline
      ? [
          row(
            baseline.label,
            columns.map((column) => valueCell(scoreOf(baseline, column))),
            'baseline',
          ),
        ]
      : []),
    ...runs.map(({ run, comparisons }) =>
      row(
        run.label,
        columns.map((column) => cell(run, comparisons, column, words)),
        '',
      ),
    ),
  ]
  return `<div class="scroll"><table class="overview"><thead><tr><th scope="col">run</th>${heads.join('')}</tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>`
}

function row(label: string, cells: readonly string[], kind: string): string {
  return `<tr class="${kind}"><th scope="row">${escapeHtml(label)}</th>${cells.join('')}</tr>`
}

function cell(
  run: ExperimentRun,
  comparisons: readonly Comparison[] | null,
  column: Score,
  words: (said: Said) => string,
): string {
  const score = scoreOf(run, column)
  const comparison = comparisons?.find((item) => isSame(item, column))
  if (!score || !comparison) return valueCell(score)
  const { before, after, paired, unpaired, holm, higherIsBetter } = comparison
  const difference = after - before
  const better =
    higherIsBetter === null || difference === 0 || Number.isNaN(difference)
      ? ''
      : difference > 0 === higherIsBetter
        ? 'better'
        : 'worse'
  const beyondChance = holm !== null && holm < 0.05
  const interval = paired ? ` [${differenceText(paired.low)}, ${differenceText(paired.high)}]` : ''
  const test = paired
    ? `p ${pValueText(paired.pValue).replace(/^(?!<)/, '= ')}, corrected ${pValueText(holm!)}, n = ${paired.n}${changesText(comparison)}`
    : `not tested: ${words(reasons[unpaired!])}`
  const note = `${differenceText(difference)}${interval}; ${test}`
  return `<td class="${better}${beyondChance ? ' beyond' : ''}" title="${escapeHtml(note)}"><b>${scoreText(score.value)}</b> <span class="difference">${differenceText(difference)}${beyondChance ? '<sup>*</sup>' : ''}</span></td>`
}

/** What became of the documents, and what they could have shown. */
function changesText(comparison: Comparison): string {
  const { improved, worsened, worsenedShare } = changedAnswers(comparison)!
  const share = worsenedShare === null ? '' : ` (${(100 * worsenedShare).toFixed(0)} % of the changed)`
  const detectable = scoreText(comparison.paired!.detectable)
  return `; ${improved} improved, ${worsened} worsened${share}; detectable: ${detectable}`
}

function valueCell(score: Score | undefined): string {
  if (!score) return '<td>–</td>'
  return `<td><b>${scoreText(score.value)}</b>${score.stderr === null ? '' : ` <span class="difference">± ${scoreText(score.stderr)}</span>`}</td>`
}

/** The run's score of the same task, metric and filter. */
export function scoreOf({ results }: ExperimentRun, wanted: Score): Score | undefined {
  return results.scores.find((score) => isSame(score, wanted))
}

function isSame(a: Pick<Score, 'task' | 'metric' | 'filter'>, b: Pick<Score, 'task' | 'metric' | 'filter'>): boolean {
  return a.task === b.task && a.metric === b.metric && a.filter === b.filter
}
