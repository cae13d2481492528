import type { TopLevelSpec } from 'vega-lite'
import {
  type DoseLevel,
  type DosePoint,
  type DoseResponseOptions,
  dosePanels,
  doseResponseChart,
} from '../charts/dose-response.js'
import { type TradeOffPoint, tradeOffChart, tradeOffFront } from '../charts/trade-off.js'
import type { Score } from '../results/run-results.js'
import { finiteScore, mean } from './experiment-shape.js'
import { seriesOf } from './findings-in-short.js'
import { baselineName, chanceOf, type MetricView, measureOf, type ReportRun, shownName, unitOf } from './metric-view.js'
import { intervalText, plainText, valueText } from './numbers.js'
import { isSame } from './score-of.js'

/** A chart of the report. */
export interface ReportChart {
  /** Name of its file, without ending. */
  readonly name: string
  readonly chart: TopLevelSpec
  /** The parts that a page shows in its place, where they fit any width; the chart itself where there are none. */
  readonly panels: readonly { readonly panel: string; readonly chart: TopLevelSpec }[]
  /** What the colours of the panels mean. */
  readonly legend: readonly string[]
  readonly caption: string
}

/** Runs in one chart at most. */
const mostRuns = 2000
/** Characters of a name in a chart. */
const longestName = 100
/** Tasks of a chart at most. */
const mostPanels = 24
/** Series that have a colour of their own; the last colour is that of all others. */
const mostSeries = 8
const otherSettings = 'other settings'

/** Charts of one metric: value by dose where runs differ in a number, and target task against other tasks where there are several. */
export function reportCharts(view: MetricView): ReportChart[] {
  const shown = { ...view, runs: view.runs.slice(0, mostRuns) }
  const series = seriesColours(shown)
  const first = shown.runs.length < view.runs.length ? ` The first ${mostRuns} runs are shown.` : ''
  const note = `${first}${omittedNote(view)}`
  return [doseChart(shown, series), tradeOff(shown, series)]
    .filter((chart) => chart !== null)
    .map((chart) => ({ ...chart, caption: `${chart.caption}${note}` }))
}

/** What a chart cannot show. */
function omittedNote({ baseline, runs, columns }: MetricView): string {
  const all = [...(baseline ? [baseline] : []), ...runs]
  const count = all
    .flatMap(({ run }) => tasksOf(columns).flatMap((task) => run.results.scores.filter((score) => isSame(score, task))))
    .filter(({ value }) => !Number.isFinite(value)).length
  return count === 0
    ? ''
    : ` ${count === 1 ? 'One value that is' : `${count} values that are`} not finite cannot be shown.`
}

function tasksOf(columns: readonly Score[]): Score[] {
  return columns.filter(({ members }) => members === null)
}

/** Series with a colour: all where there are few, else those that move the target most, or without one the first task. */
function seriesColours({ runs, dose, wanted, columns, baseline }: MetricView): string[] {
  const moved = new Map<string, number>()
  const task = wanted?.target ?? columns[0]!
  for (const { run } of runs) {
    const value = finiteScore(run, task)
    const from = (baseline && finiteScore(baseline.run, task)) ?? 0
    const name = seriesOf(run, dose)
    moved.set(name, Math.max(moved.get(name) ?? 0, Math.abs((value ?? from) - from)))
  }
  if (moved.size <= mostSeries) return [...moved.keys()].map(inChart)
  const order = [...moved].sort((a, b) => b[1] - a[1]).slice(0, mostSeries - 1)
  return [...order.map(([name]) => inChart(name)), otherSettings]
}

function colourOf(run: ReportRun, { dose }: MetricView, series: readonly string[]): string {
  const name = inChart(seriesOf(run.run, dose))
  return series.includes(name) ? name : otherSettings
}

function doseChart(view: MetricView, series: readonly string[]): ReportChart | null {
  const { metric, columns, dose, baseline, runs } = view
  if (dose === null) return null
  const tasks = tasksOf(columns)
  const shown = tasks.slice(0, mostPanels)
  const panelOf = (task: Score) => inChart(shownName(view, task))
  const points = shown.flatMap((task) =>
    runs.flatMap((run): DosePoint[] => {
      const value = finiteScore(run.run, task)
      const x = run.run.parameters[dose]
      if (value === null || typeof x !== 'number') return []
      const interval = measureOf(run, task)?.interval ?? null
      const unit = unitOf(run, task)
      const told = interval ? ` (95 % interval ${intervalText(interval, unit, false)})` : ''
      const says = `${inChart(`${shownName(view, task)}, ${run.run.label}`)}: ${valueText(value, unit)}${told}`
      const colour = colourOf(run, view, series)
      // the bands of many in one colour would be one area
      const { low, high } =
        colour === otherSettings ? { low: null, high: null } : (interval ?? { low: null, high: null })
      return [{ x, value, low, high, series: colour, line: seriesOf(run.run, dose), panel: panelOf(task), says }]
    }),
  )
  if (points.length === 0) return null
  const levels = (of: (task: Score) => number | null) =>
    shown.flatMap((task): DoseLevel[] => {
      const value = of(task)
      return value === null ? [] : [{ panel: panelOf(task), value }]
    })
  const options: DoseResponseOptions = {
    metric: inChart(metric),
    dose: inChart(dose),
    points,
    baselines: levels((task) => baseline && finiteScore(baseline.run, task)),
    chance: levels((task) => chanceOf(view, task)),
    series,
    isShare: isShare(runs, tasks),
  }
  const isWilson = options.isShare ? 'Wilson’s' : 'bootstrap or normal'
  const lines = [
    `Bands are 95 % intervals of each value alone (${isWilson})`,
    options.baselines.length > 0 ? `the dashed line is ${baselineName(view)}` : '',
    options.chance.length > 0 ? 'the dotted line is guessing' : '',
  ].filter((line) => line !== '')
  const hidden = series.includes(otherSettings) ? ' Other settings have a line each and no band.' : ''
  const more = tasks.length > shown.length ? ` The first ${mostPanels} of ${tasks.length} tasks are shown.` : ''
  return {
    name: `${fileName(metric)}-by-${fileName(dose)}`,
    chart: doseResponseChart(options),
    panels: dosePanels(options),
    legend: series.length > 1 ? series : [],
    caption: `${lines.join('; ')}. Differences are tested in the tables.${hidden}${more}`,
  }
}

function tradeOff(view: MetricView, series: readonly string[]): ReportChart | null {
  const { metric, wanted, columns, baseline, runs } = view
  if (wanted === null) return null
  const others = tasksOf(columns).filter(({ task }) => !wanted.names.has(task))
  if (others.length === 0) return null
  const point = (run: ReportRun): TradeOffPoint[] => {
    const own = finiteScore(run.run, wanted.target)
    const rest = others.flatMap((task) => finiteScore(run.run, task) ?? [])
    if (own === null || rest.length < others.length) return []
    return [{ label: inChart(run.run.label), target: own, others: mean(rest), series: colourOf(run, view, series) }]
  }
  const points = runs.flatMap(point)
  if (points.length === 0) return null
  const [unsteered = null] = baseline ? point(baseline) : []
  const direction = wanted.direction === 'down' ? 'low' : 'high'
  const better = betterSide(others)
  const front = tradeOffFront(unsteered ? [...points, unsteered] : points, direction, better)
  const share = isShare(runs, [wanted.target, ...others])
  const name = inChart(shownName(view, wanted.target))
  return {
    name: `${fileName(metric)}-trade-off`,
    chart: tradeOffChart({
      metric: inChart(metric),
      targetTask: name,
      otherTasks: others.length === 1 ? inChart(shownName(view, others[0]!)) : `mean of ${others.length} other tasks`,
      points,
      baseline: unsteered,
      wanted: direction,
      others: better,
      series,
      isShare: share,
      valueText: (value) => (share ? valueText(value, { isProportion: true, n: 1000 }) : plainText(value)),
    }),
    panels: [],
    legend: [],
    caption:
      better === null
        ? 'A point is a setting. There is no Pareto front: which values of the other tasks are better is not known, or differs.'
        : `A point is a setting. The staircase is the Pareto front: no setting does better than one of it on ${name} without doing worse on the others; between two of its points there is none, so it keeps the value of the one that is reached. On it, ties included: ${front.map(({ label }) => label).join('; ')}.`,
  }
}

/** Which values of tasks are better; null where they differ, or one does not say. */
function betterSide(tasks: readonly Score[]): 'low' | 'high' | null {
  const sides = new Set(tasks.map(({ higherIsBetter }) => higherIsBetter))
  const [side = null] = sides
  return sides.size !== 1 || side === null ? null : side ? 'high' : 'low'
}

function isShare(runs: readonly ReportRun[], tasks: readonly Score[]): boolean {
  return (
    runs.every((run) => tasks.every((task) => (measureOf(run, task)?.interval?.method ?? 'wilson') === 'wilson')) &&
    runs.some((run) => tasks.some((task) => measureOf(run, task)?.interval?.method === 'wilson'))
  )
}

function inChart(name: string): string {
  return name.length > longestName ? `${name.slice(0, longestName)}…` : name
}

function fileName(text: string): string {
  return text
    .replace(/[^\w-]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60)
}
