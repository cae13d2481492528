import type { RunResults, Score } from '../results/run-results.js'
import { intervalOfError, type MeanInterval, meanInterval } from '../statistics/interval.js'
import { type DocumentValues, isMeanOf, type RunValues, valuesOf } from './document-values.js'

/** What one score of a run is worth by itself. */
export interface Measure extends Pick<Score, 'task' | 'metric' | 'filter'> {
  /** 95 %; null where neither documents nor a standard error tell it. */
  readonly interval: MeanInterval | null
  /** What guessing among the choices would score on these documents; null where they have no choices, or the metric counts something else. */
  readonly chance: number | null
}

/** Measures every score of a run, from its documents' values where they are there. */
export function measureScores(run: RunResults, values: RunValues): Measure[] {
  return run.scores.map((score) => {
    const { task, metric, filter, value, stderr, n } = score
    const parts = valuesOf(run, values, score)
    const all = (parts ?? []).flatMap(({ documents }) => [...documents.values()].map((document) => document.value))
    const isMean = Number.isFinite(value) && all.length > 0 && isMeanOf(value, all)
    const told = stderr !== null && Number.isFinite(value) ? intervalOfError(value, stderr, n) : null
    return {
      task,
      metric,
      filter,
      interval: (isMean ? meanInterval(all) : null) ?? told,
      chance: isMean ? chanceOf(parts!) : null,
    }
  })
}

/**
 * The same with no share taken for one that is none: values of zeros or ones alone are a share only where no run has others, and where all are zero only if
 * fewer would not be better (a divergence or a rate of repetition is 0 at best). What is no share has no level of guessing, and no interval where all its
 * values are equal. Lists are a run's scores and what was measured of them, in the same order.
 */
export function withoutFalseShares(
  runs: readonly { readonly scores: readonly Score[]; readonly measures: readonly Measure[] }[],
): Measure[][] {
  const key = ({ task, metric, filter }: Pick<Score, 'task' | 'metric' | 'filter'>) =>
    JSON.stringify([task, metric, filter])
  const known = new Map<string, { others: boolean; seen: boolean }>()
  for (const { scores, measures } of runs)
    for (const [index, measure] of measures.entries()) {
      const score = scores[index]!
      const own = known.get(key(measure)) ?? { others: false, seen: false }
      if (measure.interval !== null && measure.interval.method !== 'wilson') own.others = true
      if (score.value > 0 || score.higherIsBetter !== false) own.seen = true
      known.set(key(measure), own)
    }
  return runs.map(({ measures }) =>
    measures.map((measure) => {
      const { others, seen } = known.get(key(measure))!
      if (!others && seen) return measure
      return { ...measure, chance: null, interval: measure.interval?.method === 'wilson' ? null : measure.interval }
    }),
  )
}

/** Guessing over all documents of several tasks. */
function chanceOf(parts: readonly DocumentValues[]): number | null {
  let [sum, count] = [0, 0]
  for (const { documents, chance } of parts) {
    if (chance === null) return null
    sum += chance * documents.size
    count += documents.size
  }
  return sum / count
}
