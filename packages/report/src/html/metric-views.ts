import { measureRuns } from '../compare/compare.js'
import type { Experiment } from '../results/read-experiment.js'
import type { Score } from '../results/run-results.js'
import { doseOf, metricColumns } from './experiment-shape.js'
import type { MetricView } from './metric-view.js'
import { withOthersTogether } from './others-together.js'
import { checkTarget, type Target, wantedOf } from './wanted.js'

/** What is shown of each metric: the target before other tasks, groups last, the others together among them. */
export async function metricViews(experiment: Experiment, target: Target | null): Promise<MetricView[]> {
  const metrics = metricColumns(experiment)
  if (target) checkTarget(target, [...metrics.values()].flat())
  const wanted = new Map(
    [...metrics].map(([metric, columns]) => [metric, wantedOf(experiment, tasksOf(columns), target)]),
  )
  const whole = [...wanted.values()].reduce(
    (extended, found) => (found && experiment.runs.length > 0 ? withOthersTogether(extended, found.task) : extended),
    experiment,
  )
  const measured = await measureRuns(
    whole.baseline?.results ?? null,
    whole.runs.map(({ results }) => results),
  )
  const baseline = whole.baseline && { run: whole.baseline, measures: measured.baseline, comparisons: null }
  const runs = whole.runs.map((run, index) => ({ run, ...measured.runs[index]! }))
  return [...metricColumns(whole)].map(([metric, columns]) => {
    const goal = wanted.get(metric) ?? null
    const isTarget = ({ task }: Score) => task === goal?.task.task
    const [tasks, groups] = [tasksOf(columns), columns.filter(({ members }) => members !== null)]
    return {
      metric,
      columns: [...tasks.filter(isTarget), ...tasks.filter((score) => !isTarget(score)), ...groups],
      wanted: goal,
      baseline,
      runs,
      dose: doseOf(experiment.runs),
    }
  })
}

function tasksOf(columns: readonly Score[]): Score[] {
  return columns.filter(({ members }) => members === null)
}
