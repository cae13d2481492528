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
