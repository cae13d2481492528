import type { Experiment, ExperimentRun } from '../results/read-experiment.js'
import type { Score } from '../results/run-results.js'
import { scoreOf } from './score-of.js'

/** Every metric of an experiment with the scores that stand for its columns: each task and group once, in file order. */
export function metricColumns({ baseline, runs }: Experiment): Map<string, Score[]> {
  const metrics = new Map<string, Map<string, Score>>()
  for (const { results } of [...(baseline ? [baseline] : []), ...runs]) {
    for (const score of results.scores) {
      const name = metricName(score)
      const columns = metrics.get(name) ?? new Map<string, Score>()
      if (!columns.has(score.task)) metrics.set(name, columns.set(score.task, score))
    }
  }
  return new Map([...metrics].map(([name, columns]) => [name, [...columns.values()]]))
}

/** "acc", or "exact_match (strict-match)" under a filter. */
export function metricName({ metric, filter }: Pick<Score, 'metric' | 'filter'>): string {
  return filter === 'none' ? metric : `${metric} (${filter})`
}

/** The parameter that is a dose: a number that differs between runs, "coefficient" before others; null where there is none. */
export function doseOf(runs: readonly ExperimentRun[]): string | null {
  const names = [...new Set(runs.flatMap(({ parameters }) => Object.keys(parameters)))]
  const varies = (name: string) => {
    const values = runs.map(({ parameters }) => parameters[name])
    return values.every((value) => typeof value === 'number') && new Set(values).size > 1
  }
  return names.includes('coefficient') && varies('coefficient') ? 'coefficient' : (names.find(varies) ?? null)
}

/** The task that the runs move most, on average, away from the baseline (or, without one, from each other). */
export function mostMoved({ baseline, runs }: Experiment, tasks: readonly Score[]): Score {
  const movement = (task: Score) => {
    const values = runs.flatMap((run) => finiteScore(run, task) ?? [])
    const from = (baseline && finiteScore(baseline, task)) ?? mean(values)
    return values.length === 0 ? 0 : mean(values.map((value) => Math.abs(value - from)))
  }
  return tasks.reduce((most, task) => (movement(task) > movement(most) ? task : most))
}

/** The run's value of a score; null where there is none that is finite: it can neither be drawn nor averaged. */
export function finiteScore(run: ExperimentRun, wanted: Score): number | null {
  const value = scoreOf(run, wanted)?.value ?? null
  return Number.isFinite(value) ? value : null
}

/** Of one number or more; NaN of none. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
