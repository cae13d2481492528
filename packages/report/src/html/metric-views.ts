import { type KeptRuns, measureRuns } from '../compare/compare.js'
import type { Experiment } from '../results/read-experiment.js'
import type { Score } from '../results/run-results.js'
import { doseOf, metricColumns } from './experiment-shape.js'
import type { MetricView } from './metric-view.js'
import { withOthersTogether } from './others-together.js'
import { type Target, wantedOf } from './wanted.js'

/**
 * What is shown of each metric: the target before other tasks, groups last, the others together among them. Throws InputError where no score has the target's
 * name.
 */
export async function metricViews(
  experiment: Experiment,
  target: Target | null,
  kept?: KeptRuns,
): Promise<MetricView[]> {
  const wanted = wantedOf(experiment, metricColumns(experiment), target)
  const whole = [...wanted.values()].reduce(
    (extended, found) => (found && experiment.runs.length > 0 ? withOthersTogether(extended, found) : extended),
    experiment,
  )
  const measured = await measureRuns(
    whole.baseline?.results ?? null,
    whole.runs.map(({ results }) => results),
    kept,
  )
  const baseline = whole.baseline && { run: whole.baseline, measures: measured.baseline, comparisons: null }
  const runs = whole.runs.map((run, index) => ({ run, ...measured.runs[index]! }))
  return [...metricColumns(whole)].map(([metric, columns]) => {
    const goal = wanted.get(metric) ?? null
    const isTarget = ({ task }: Score) => task === goal?.target.task
    const isGroup = ({ members }: Score) => members !== null
    const isOf = ({ task }: Score) => goal?.names.has(task) ?? false
    const rank = (score: Score) => (isTarget(score) ? 0 : isGroup(score) ? 3 : isOf(score) ? 1 : 2)
    const ordered = [...columns].sort((a, b) => rank(a) - rank(b))
    return {
      metric,
      columns: ordered,
      names: shownNames(ordered),
      wanted: goal,
      baseline,
      runs,
      dose: doseOf(experiment.runs),
    }
  })
}

/** What tasks are called: their alias, and where several have one, their name beside it. */
function shownNames(columns: readonly Score[]): ReadonlyMap<string, string> {
  const count = new Map<string, number>()
  for (const { alias } of columns) count.set(alias, (count.get(alias) ?? 0) + 1)
  return new Map(columns.map(({ task, alias }) => [task, count.get(alias)! > 1 ? `${alias} (${task})` : alias]))
}
