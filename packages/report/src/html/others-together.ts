import type { Experiment, ExperimentRun } from '../results/read-experiment.js'
import type { Score } from '../results/run-results.js'
import type { Wanted } from './wanted.js'

/** How the row of all tasks but one is called. */
const othersTogether = 'other tasks together'

/** Adds to each run a group of all tasks but the target's under its metric: the mean over their documents. None where there are fewer than two others. */
export function withOthersTogether(experiment: Experiment, { target, names }: Wanted): Experiment {
  const extend = (run: ExperimentRun): ExperimentRun => {
    const others = run.results.scores.filter(
      ({ task, metric, filter, members, n, value }) =>
        members === null &&
        !names.has(task) &&
        metric === target.metric &&
        filter === target.filter &&
        n > 0 &&
        Number.isFinite(value),
    )
    if (others.length < 2) return run
    const n = others.reduce((sum, score) => sum + score.n, 0)
    const directions = new Set(others.map(({ higherIsBetter }) => higherIsBetter))
    const union: Score = {
      ...others[0]!,
      // no task has such a name, and each metric may have another target
      task: `${othersTogether} (${target.metric},${target.filter})`,
      alias: othersTogether,
      members: others.map(({ task }) => task),
      value: others.reduce((sum, score) => sum + score.value * score.n, 0) / n,
      stderr: null,
      n,
      higherIsBetter: directions.size === 1 ? others[0]!.higherIsBetter : null,
    }
    return { ...run, results: { ...run.results, scores: [...run.results.scores, union] } }
  }
  return {
    ...experiment,
    baseline: experiment.baseline && extend(experiment.baseline),
    runs: experiment.runs.map(extend),
  }
}
