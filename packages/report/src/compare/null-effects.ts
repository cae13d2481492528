import type { Experiment, ExperimentRun } from '../results/read-experiment.js'
import type { Score } from '../results/run-results.js'
import type { ControlKind } from '../results/sweep-file.js'
import { type AgainstControls, againstControls } from '../statistics/against-controls.js'
import { isShareError } from '../statistics/interval.js'

/** The effect of a run on one metric of one task, beside those of its controls. */
export interface NullEffect {
  readonly task: string
  readonly alias: string
  readonly metric: string
  readonly filter: string
  /** Difference of the run to the unsteered model. */
  readonly effect: number
  /** Kinds of controls of which there are two or more. */
  readonly against: readonly {
    readonly kind: ControlKind
    readonly effects: readonly number[]
    readonly test: AgainstControls
  }[]
  /** Difference with the sign flipped; null where it has not run. */
  readonly flipped: number | null
}

const kinds: readonly ControlKind[] = ['random latents', 'random directions']

/**
 * Each run's effects beside those of its controls, in the order of runs; runs without controls have none. The smallest effect that can be seen on a share is that
 * of one document, 1/n (see againstControls); of other metrics none is known.
 */
export function nullEffects({ baseline, runs, controls = [] }: Experiment): NullEffect[][] {
  return runs.map((run) => {
    const own = controls.filter(({ of }) => of === run.id)
    return baseline === null || own.length === 0
      ? []
      : run.results.scores.flatMap((score) => effectOf(score, baseline, own))
  })
}

function effectOf(score: Score, baseline: ExperimentRun, own: NonNullable<Experiment['controls']>): NullEffect[] {
  const before = valueIn(baseline.results.scores, score)
  if (before === null || !Number.isFinite(score.value)) return []
  const effectsOf = (kind: ControlKind) =>
    own.flatMap((control) => {
      const value = control.kind === kind ? valueIn(control.results.scores, score) : null
      return value === null ? [] : [value - before]
    })
  const effect = score.value - before
  const alike = [baseline, ...own].flatMap(({ results }) => scoreIn(results.scores, score) ?? [])
  const shares = [score, ...alike].map(({ value, stderr, n }) => isShareError(value, stderr, n))
  // all answers right, or none, has an error of 0, which speaks for nothing else
  const isKnown = shares.includes(true) || alike.every(({ stderr }) => stderr === 0)
  const resolution = shares.includes(false) || !isKnown ? 0 : 1 / Math.max(1, score.n)
  const against = kinds.flatMap((kind) => {
    const effects = effectsOf(kind)
    return effects.length < 2 ? [] : [{ kind, effects, test: againstControls(effect, effects, resolution) }]
  })
  const [flipped = null] = effectsOf('flipped sign')
  const { task, alias, metric, filter } = score
  return against.length === 0 && flipped === null ? [] : [{ task, alias, metric, filter, effect, against, flipped }]
}

function scoreIn(scores: readonly Score[], { task, metric, filter }: Score): Score | undefined {
  return scores.find((one) => one.task === task && one.metric === metric && one.filter === filter)
}

function valueIn(scores: readonly Score[], score: Score): number | null {
  const found = scoreIn(scores, score)
  return found !== undefined && Number.isFinite(found.value) ? found.value : null
}
