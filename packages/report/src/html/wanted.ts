import { InputError, option, sentence } from '@saeval/hub'
import type { Experiment } from '../results/read-experiment.js'
import type { Score } from '../results/run-results.js'
import { finiteScore, mean, mostMoved } from './experiment-shape.js'

/** What an experiment wants: a task's values up or down, the others as they are. */
export interface Wanted {
  readonly task: Score
  readonly direction: 'up' | 'down'
  /** Whether the reader was told, or it was taken from where the runs move most. */
  readonly isSaid: boolean
}

/** A target as options have it: "dogs", "dogs:down". */
export interface Target {
  readonly name: string
  readonly direction: 'up' | 'down' | null
}

/** Takes "dogs:down" apart. */
export function parseTarget(text: string): Target {
  const [, name, direction] = /^(.*?)(?::(up|down))?$/s.exec(text)!
  return { name: name!, direction: (direction as 'up' | 'down' | undefined) ?? null }
}

/** What is wanted of one metric; null where it has no tasks. Without a direction it is the one in which the runs move the task on average. */
export function wantedOf(experiment: Experiment, tasks: readonly Score[], target: Target | null): Wanted | null {
  if (tasks.length === 0) return null
  const task = tasks.find((score) => target !== null && isNamed(score, target.name)) ?? mostMoved(experiment, tasks)
  const { baseline, runs } = experiment
  const before = baseline && finiteScore(baseline, task)
  const after = mean(runs.flatMap((run) => finiteScore(run, task) ?? []))
  const moved = before !== null && after > before ? 'up' : 'down'
  return { task, direction: target?.direction ?? moved, isSaid: target?.direction != null }
}

/** Throws InputError where no score has the target's name. */
export function checkTarget(target: Target, scores: readonly Score[]): void {
  if (!scores.some((score) => isNamed(score, target.name)))
    throw new InputError(sentence`${option('target')} ${target.name}: no task of that name in these results`)
}

function isNamed({ task, alias }: Score, name: string): boolean {
  return task === name || alias === name
}

/**
 * Whether a difference is what is wanted ('good') or a harm ('bad'): of the target by its direction, of others by whether higher is better. '' where
 * neither is known, or nothing changed.
 */
export function judged(score: Score, difference: number, wanted: Wanted | null): 'good' | 'bad' | '' {
  if (difference === 0 || Number.isNaN(difference)) return ''
  const isTarget = wanted !== null && score.task === wanted.task.task
  const isUpGood = isTarget ? wanted.direction === 'up' : score.higherIsBetter
  return isUpGood === null ? '' : difference > 0 === isUpGood ? 'good' : 'bad'
}
