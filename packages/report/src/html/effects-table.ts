import type { Score } from '../results/run-results.js'
import { type DataTable, dataTable, type TableCell, type TableRow } from './data-table.js'
import { escapeHtml } from './escape.js'
import {
  chanceOf,
  comparisonOf,
  isSure,
  type MetricView,
  measureOf,
  type ReportRun,
  shownName,
  unitOf,
} from './metric-view.js'
import { changeText, intervalText, valueText } from './numbers.js'
import { scoreOf } from './score-of.js'
import { judged } from './wanted.js'

/** Steps of colour. */
const steps = 5

/**
 * The map of settings by tasks: each value, its difference to the unsteered model with the paired 95 % interval, coloured where it is beyond chance by what was
 * wanted, the deeper the larger. Above it the unsteered model and the level of guessing.
 */
export function effectsTable(view: MetricView, id: string): string {
  const { columns, baseline, runs, wanted } = view
  const most = largestDifference(view)
  const rows: TableRow[] = [
    ...(baseline
      ? [{ cells: [baseline.run.label, ...columns.map((score) => valueCell(baseline, score))], kind: 'fixed' }]
      : []),
    ...chanceRow(view),
    ...runs.map((run) => ({
      cells: [run.run.label, ...columns.map((score) => effectCell(view, run, score, most))],
      parameters: run.run.parameters,
    })),
  ]
  const table: DataTable = {
    id,
    caption: `${view.metric}: settings by tasks`,
    columns: [
      { name: 'setting', isText: true },
      ...columns.map((score) => ({
        name: shownName(view, score),
        csv: score.task,
        more: numbersBeside,
        note: noteOf(score, wanted),
      })),
    ],
    rows,
  }
  return `<div class="effects">${dataTable(table)}</div>`
}

/** What the CSV has of each task beside the value: its interval, and its difference to the unsteered model. */
const numbersBeside = ['low', 'high', 'difference', 'difference low', 'difference high', 'p', 'p (Holm)']

function beside(run: ReportRun, score: Score): (number | null)[] {
  const { interval = null } = measureOf(run, score) ?? {}
  const { before, after, paired = null, holm = null } = comparisonOf(run, score) ?? {}
  const difference = before === undefined || after === undefined ? null : after - before
  const own = [interval?.low ?? null, interval?.high ?? null]
  return [...own, difference, paired?.low ?? null, paired?.high ?? null, paired?.pValue ?? null, holm]
}

function noteOf(score: Score, wanted: MetricView['wanted']): string {
  if (wanted !== null && score.task === wanted.target.task) return `target, wanted ${wanted.direction}`
  if (score.members !== null) return 'group'
  return wanted?.names.has(score.task) ? 'of the target' : ''
}

function chanceRow(view: MetricView): TableRow[] {
  const levels = view.columns.map((score) => chanceOf(view, score))
  if (levels.every((level) => level === null)) return []
  const cells = levels.map((level, index): TableCell => {
    const { n } = view.columns[index]!
    return level === null ? '–' : { html: valueText(level, { isProportion: true, n }), value: level }
  })
  return [{ cells: ['guessing', ...cells], kind: 'fixed' }]
}

function largestDifference({ runs, columns }: MetricView): number {
  const sizes = runs.flatMap((run) =>
    columns.flatMap((score) => Math.abs(comparisonOf(run, score)?.paired?.difference ?? 0)),
  )
  return sizes.reduce((most, size) => Math.max(most, size), 0)
}

function effectCell(view: MetricView, run: ReportRun, column: Score, most: number): TableCell {
  const score = scoreOf(run.run, column)
  const comparison = comparisonOf(run, column)
  if (!score || !comparison) return valueCell(run, column)
  const { before, after, paired } = comparison
  const unit = unitOf(run, score)
  const sure = isSure(comparison)
  const isShare = unit.isProportion || paired?.method === 'mcnemar'
  const change = changeText(after - before, { ...unit, isProportion: isShare })
  const interval = paired
    ? ` <span class="ci">(${intervalText(paired, { ...unit, isProportion: isShare }, true)})</span>`
    : ''
  const kind = sure ? `${judged(score, after - before, view.wanted)} s${step(Math.abs(after - before), most)}` : ''
  return {
    html: `<b>${valueText(after, unit)}</b>${sure ? '<sup>*</sup>' : ''} <span class="change">${change}${interval}</span>${belowChance(run, score)}`,
    value: score.value,
    more: beside(run, score),
    kind: `${column.members ? 'group ' : ''}${kind}`.trim(),
  }
}

function step(size: number, most: number): number {
  return most === 0 || !Number.isFinite(size) ? 1 : Math.max(1, Math.ceil((steps * size) / most))
}

/** A word where the whole interval is below guessing. */
export function belowChance(run: ReportRun, score: Score): string {
  const { interval, chance } = measureOf(run, score) ?? { interval: null, chance: null }
  return interval !== null && chance !== null && interval.high < chance
    ? ' <span class="below">below chance</span>'
    : ''
}

function valueCell(run: ReportRun, column: Score): TableCell {
  const score = scoreOf(run.run, column)
  if (!score) return { html: '–', value: null }
  const unit = unitOf(run, score)
  const { interval = null } = measureOf(run, score) ?? {}
  const told = interval ? ` <span class="change">(${escapeHtml(intervalText(interval, unit, false))})</span>` : ''
  return {
    html: `<b>${valueText(score.value, unit)}</b>${told}${belowChance(run, score)}`,
    value: score.value,
    more: beside(run, score),
    kind: column.members ? 'group' : '',
  }
}
