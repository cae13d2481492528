import type { ExperimentRun } from '../results/read-experiment.js'
import type { Score } from '../results/run-results.js'

/** What tells scores of a run apart. */
export type Same = Pick<Score, 'task' | 'metric' | 'filter'>

/** The run's score of the same task, metric and filter. */
export function scoreOf({ results }: ExperimentRun, wanted: Same): Score | undefined {
  return results.scores.find((score) => isSame(score, wanted))
}

export function isSame(a: Same, b: Same): boolean {
  return a.task === b.task && a.metric === b.metric && a.filter === b.filter
}
