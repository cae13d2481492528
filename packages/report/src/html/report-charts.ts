import type { TopLevelSpec } from 'vega-lite'
import { type DosePoint, doseResponseChart } from '../charts/dose-response.js'
import { type TradeOffPoint, tradeOffChart, tradeOffFront } from '../charts/trade-off.js'
import { type Experiment, type ExperimentRun, parametersLabel } from '../results/read-experiment.js'
import type { Score } from '../results/run-results.js'
import { doseOf, finiteScore, mean, meanScore } from './experiment-shape.js'
import { scoreOf } from './overview.js'

/** A chart of the report. */
export interface ReportChart {
  /** Name of its file, without ending. */
  readonly name: string
  readonly chart: TopLevelSpec
  readonly caption: string
}

/** Runs in one chart at most. */
const mostRuns = 2000
/** Characters of a name in a chart. */
const longestName = 100
/** Curves in one chart at most; beyond them the other tasks stand together as their mean. */
const mostCurves = 8
const z = 1.959963984540054

/** Charts of one metric: value by dose where runs differ in a number, and target task against other tasks where there are several. */
export function reportCharts(
  experiment: Experiment,
  metric: string,
  tasks: readonly Score[],
  target: Score,
): ReportChart[] {
  const shown = { ...experiment, runs: experiment.runs.slice(0, mostRuns) }
  const dose = doseChart(shown, metric, tasks, target)
  const others = tasks.filter((task) => task !== target)
  const trade = others.length > 0 ? tradeOff(shown, metric, target, others) : null
  const first = shown.runs.length < experiment.runs.length ? ` The first ${mostRuns} runs are shown.` : ''
  const note = `${first}${omittedNote(experiment, tasks)}`
  return [dose, trade]
    .filter((chart) => chart !== null)
    .map((chart) => ({ ...chart, caption: `${chart.caption}${note}` }))
}

/** What a chart cannot show. */
function omittedNote({ baseline, runs }: Experiment, tasks: readonly Score[]): string {
  const all = [...(baseline ? [baseline] : []), ...runs].flatMap((run) =>
    tasks.flatMap((task) => scoreOf(run, task) ?? []),
  )
  const count = all.filter(({ value }) => !Number.isFinite(value)).length
  return count === 0
    ? ''
    : ` ${count === 1 ? 'One value that is' : `${count} values that are`} not finite cannot be shown.`
}

function doseChart(
  { baseline, runs }: Experiment,
  metric: string,
  tasks: readonly Score[],
  target: Score,
): ReportChart | null {
  const dose = doseOf(runs)
  if (dose === null) return null
  const others = tasks.filter((task) => task !== target)
  const curves: { name: string; tasks: readonly Score[] }[] =
    tasks.length <= mostCurves
      ? tasks.map((task) => ({ name: inChart(task.alias), tasks: [task] }))
      : [
          { name: inChart(target.alias), tasks: [target] },
          { name: othersName(others), tasks: others },
        ]
  const points = curves.flatMap((curve) =>
    runs.flatMap(({ parameters, ...run }): DosePoint[] => {
      const value = meanScore({ ...run, parameters }, curve.tasks)
      if (value === null) return []
      const reach = standardError({ ...run, parameters }, curve.tasks)
      const { [dose]: x, ...rest } = parameters
      const panel = Object.keys(rest).length > 0 ? inChart(parametersLabel(rest)) : ''
      const band = { low: reach === null ? null : value - z * reach, high: reach === null ? null : value + z * reach }
      return [{ x: x as number, value, ...band, series: curve.name, panel }]
    }),
  )
  const baselines = curves.flatMap(({ name, tasks: members }) => {
    const value = baseline && meanScore(baseline, members)
    return value === null ? [] : [{ series: name, value }]
  })
  return {
    name: `${fileName(metric)}-by-${fileName(dose)}`,
    chart: doseResponseChart({ metric: inChart(metric), dose: inChart(dose), points, baselines }),
    caption: `Bands are 95 % intervals of each value alone (1.96 standard errors)${baselines.length > 0 ? '; dashed lines are the unsteered model' : ''}. The table above tests differences.`,
  }
}

function tradeOff(
  { baseline, runs }: Experiment,
  metric: string,
  target: Score,
  others: readonly Score[],
): ReportChart | null {
  const point = (run: ExperimentRun): TradeOffPoint[] => {
    const [own, rest] = [finiteScore(run, target), meanScore(run, others)]
    return own === null || rest === null ? [] : [{ label: inChart(run.label), target: own, others: rest }]
  }
  const points = runs.flatMap(point)
  if (points.length === 0) return null
  const [unsteered = null] = baseline ? point(baseline) : []
  const middle = mean(points.map((item) => item.target))
  const wanted = unsteered !== null && middle > unsteered.target ? 'high' : 'low'
  const front = tradeOffFront(points, wanted)
  return {
    name: `${fileName(metric)}-trade-off`,
    chart: tradeOffChart({
      metric: inChart(metric),
      targetTask: inChart(target.alias),
      otherTasks: othersName(others),
      points,
      baseline: unsteered,
      wanted,
    }),
    caption: `A point is a run; the line is the Pareto front: no run has ${wanted === 'low' ? 'less' : 'more'} on ${target.alias} and more on the others. On it: ${front.map(({ label }) => label).join('; ')}.`,
  }
}

function othersName(others: readonly Score[]): string {
  return others.length === 1 ? inChart(others[0]!.alias) : `mean of ${others.length} other tasks`
}

/** Standard error of a mean of independent tasks. */
function standardError(run: ExperimentRun, tasks: readonly Score[]): number | null {
  const errors = tasks.map((task) => scoreOf(run, task)?.stderr ?? null)
  if (errors.some((error) => error === null)) return null
  return Math.sqrt(errors.reduce<number>((sum, error) => sum + error! ** 2, 0)) / tasks.length
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
