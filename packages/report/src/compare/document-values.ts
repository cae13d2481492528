import { readSamples, type Sample } from '../results/read-samples.js'
import type { RunResults, Score } from '../results/run-results.js'

/** What documents scored by one metric under one filter. */
export interface DocumentValues {
  readonly documents: ReadonlyMap<number, DocumentValue>
  /**
   * Mean over them of 1 / number of choices; null where the metric is no share of right choices (a value is neither 0 nor 1), or a document has fewer than two
   * choices or several that are right.
   */
  readonly chance: number | null
}

export interface DocumentValue {
  readonly value: number
  readonly hash: string
}

/** What the documents of one run scored: task -> "metric,filter" -> values. */
export type RunValues = ReadonlyMap<string, ReadonlyMap<string, DocumentValues>>

/**
 * Metrics that count where the most likely choice is the right one, so that guessing gives 1 / number of choices (lm_eval's of multiple_choice; its exact_match
 * asks whether the right choice is what the model would write, of which choices say nothing). Tasks of their own Python may give these names to other things.
 */
const guessable = new Set(['acc', 'acc_norm', 'acc_bytes', 'acc_mutual_info'])

/** Reads every document's metrics from the sample files of a run: a few numbers a document, whatever the prompts' length. */
export async function readValues(run: RunResults): Promise<RunValues> {
  const values = new Map<string, ReadonlyMap<string, DocumentValues>>()
  for (const [task, path] of run.samples) {
    const metrics = new Map<string, { documents: Map<number, DocumentValue>; guessed: number }>()
    for await (const sample of readSamples(path)) {
      for (const [metric, value] of sample.metrics) {
        const key = `${metric},${sample.filter}`
        const own = metrics.get(key) ?? { documents: new Map(), guessed: 0 }
        own.documents.set(sample.docId, { value, hash: sample.docHash })
        own.guessed += guessedShare(metric, value, sample)
        metrics.set(key, own)
      }
    }
    const closed = [...metrics].map(([key, { documents, guessed }]): [string, DocumentValues] => [
      key,
      { documents, chance: Number.isNaN(guessed) ? null : guessed / documents.size },
    ])
    values.set(task, new Map(closed))
  }
  return values
}

/** What guessing scores on a document that has this value; NaN where that is not known. */
function guessedShare(metric: string, value: number, { choices, target }: Sample): number {
  const isChoice = guessable.has(metric) && (value === 0 || value === 1)
  return isChoice && choices.length > 1 && !severalTargets.test(target) ? 1 / choices.length : Number.NaN
}

/** As lm_eval writes a list of right choices: "[0, 2]". */
const severalTargets = /^\[\s*-?\d+\s*,/

/** The tasks whose documents a score is made of: itself, or the members of a group, at any depth. */
export function leafTasks(run: RunResults, task: string): string[] {
  const members = new Map(run.scores.map((score) => [score.task, score.members]))
  const all = new Set([task])
  // a set that grows while it is walked
  for (const name of all) for (const member of members.get(name) ?? []) all.add(member)
  return [...all].filter((name) => !members.get(name))
}

/** The values of the documents that a score is made of; null where one of its tasks has none. */
export function valuesOf(run: RunResults, values: RunValues, { task, metric, filter }: Score): DocumentValues[] | null {
  const found = leafTasks(run, task).map((name) => values.get(name)?.get(`${metric},${filter}`))
  return found.every((item) => item !== undefined) ? found : null
}

/** Whether a score is the mean of its documents' values. */
export function isMeanOf(value: number, values: readonly number[]): boolean {
  const mean = values.reduce((sum, item) => sum + item, 0) / values.length
  return Math.abs(mean - value) <= 1e-9 * Math.max(1, Math.abs(value))
}
