import { InputError, option, sentence } from '@saeval/hub'
import type { Experiment } from '../results/read-experiment.js'
import type { Score } from '../results/run-results.js'
import { finiteScore, mean, mostMoved } from './experiment-shape.js'

/** What an experiment wants of one metric: values of a task or a group up or down, those of other tasks as they are. */
export interface Wanted {
  /** The task or the group. */
  readonly target: Score
  /** Its name, and of a group those of all that it is made of. */
  readonly names: ReadonlySet<string>
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

/**
 * What is wanted of each metric, by its scores. Without a target it is the task that the runs move most, in the direction in which they move it on average. A
 * target's direction is that of its metrics of which higher is better: those of which lower is better go the other way, unless the target has no others. A
 * metric without the target wants nothing. Throws InputError where no score has the target's name.
 */
export function wantedOf(
  experiment: Experiment,
  metrics: ReadonlyMap<string, readonly Score[]>,
  target: Target | null,
): Map<string, Wanted | null> {
  const all = [...metrics.values()].flat()
  const name = target && namedBy(target, all)
  const own = all.filter(({ task }) => task === name)
  const main = own.find(({ higherIsBetter }) => higherIsBetter) ?? own[0]
  const ofMetric = (columns: readonly Score[]): Wanted | null => {
    const tasks = columns.filter(({ members }) => members === null)
    const score = target
      ? columns.find(({ task }) => task === name)
      : tasks.length > 0
        ? mostMoved(experiment, tasks)
        : undefined
    if (score === undefined) return null
    const said = target?.direction ? directionOf(score, main!, target.direction) : null
    return {
      target: score,
      names: withMembers(score.task, columns),
      direction: said ?? movedDirection(experiment, score),
      isSaid: said !== null,
    }
  }
  return new Map([...metrics].map(([metric, columns]) => [metric, ofMetric(columns)]))
}

/** The task or group that a target names: by its name, or else by what tables call it. */
function namedBy(target: Target, scores: readonly Score[]): string {
  const found = scores.find(({ task }) => task === target.name) ?? scores.find(({ alias }) => alias === target.name)
  if (found === undefined)
    throw new InputError(sentence`${option('target')} ${target.name}: no task of that name in these results`)
  return found.task
}

/** A direction that was said of `main`, for another metric of the same task; null where it is not known which side of it is better. */
function directionOf(score: Score, main: Score, said: 'up' | 'down'): 'up' | 'down' | null {
  if (score.higherIsBetter === main.higherIsBetter) return said
  if (score.higherIsBetter === null || main.higherIsBetter === null) return null
  return said === 'up' ? 'down' : 'up'
}

function movedDirection({ baseline, runs }: Experiment, score: Score): 'up' | 'down' {
  const before = baseline && finiteScore(baseline, score)
  const after = mean(runs.flatMap((run) => finiteScore(run, score) ?? []))
  return before !== null && after > before ? 'up' : 'down'
}

function withMembers(task: string, columns: readonly Score[]): ReadonlySet<string> {
  const members = new Map(columns.map((score) => [score.task, score.members]))
  const all = new Set([task])
  // a set that grows while it is walked
  for (const name of all) for (const member of members.get(name) ?? []) all.add(member)
  return all
}

/**
 * Whether a difference is what is wanted ('good') or a harm ('bad'): of the target by its direction, of others by whether higher is better. '' where
 * neither is known, or nothing changed.
 */
export function judged(score: Score, difference: number, wanted: Wanted | null): 'good' | 'bad' | '' {
  if (difference === 0 || Number.isNaN(difference)) return ''
  const isUpGood = wanted?.names.has(score.task) ? wanted.direction === 'up' : score.higherIsBetter
  return isUpGood === null ? '' : difference > 0 === isUpGood ? 'good' : 'bad'
}
