import { InputError } from '@saeval/hub'
import { readSamples } from '../results/read-samples.js'
import type { RunResults, Score } from '../results/run-results.js'
import { holm } from '../statistics/holm.js'
import { type PairedDifference, pairedDifference } from '../statistics/paired-difference.js'

/** One metric of one task in two runs. */
export interface Comparison {
  readonly task: string
  readonly alias: string
  readonly isGroup: boolean
  readonly metric: string
  readonly filter: string
  readonly before: number
  readonly after: number
  readonly n: number
  readonly higherIsBetter: boolean | null
  /** From the documents of both runs. */
  readonly paired: PairedDifference | null
  /** Why there is no paired difference; null where there is one. */
  readonly unpaired: Unpaired | null
  /** paired's p value, corrected for all tests of one table by Holm's method. */
  readonly holm: number | null
}

/**
 * Samples were not logged; the runs evaluated different sets of documents; the metric is not the mean of its documents' values
 * (perplexity, BLEU, groups that are not averages over all their documents); or one of the values is infinite or NaN.
 */
export type Unpaired = 'no samples' | 'different documents' | 'not a mean' | 'not finite'

/** What the documents of one run scored: task -> "metric,filter" -> document id -> value. */
type RunValues = ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<number, DocumentValue>>>

interface DocumentValue {
  readonly value: number
  readonly hash: string
}

/** Reads every document's metrics from the sample files of a run: a few numbers a document, whatever the prompts' length. */
async function readValues(run: RunResults): Promise<RunValues> {
  const values = new Map<string, ReadonlyMap<string, ReadonlyMap<number, DocumentValue>>>()
  for (const [task, path] of run.samples) {
    const metrics = new Map<string, Map<number, DocumentValue>>()
    for await (const { docId, docHash: hash, filter, metrics: numbers } of readSamples(path)) {
      for (const [metric, value] of numbers) {
        const key = `${metric},${filter}`
        const documents = metrics.get(key) ?? new Map()
        metrics.set(key, documents.set(docId, { value, hash }))
      }
    }
    values.set(task, metrics)
  }
  return values
}

/**
 * Compares runs with a baseline, metric by metric, on the tasks that both have. The p values of all runs together are one family for Holm's
 * correction. Throws InputError when a run has no task in common with the baseline, or other documents under the same numbers.
 */
export async function compareWithBaseline(baseline: RunResults, runs: readonly RunResults[]): Promise<Comparison[][]> {
  const before = await readValues(baseline)
  const all: Comparison[][] = []
  for (const run of runs) all.push(compareScores(baseline, before, run, await readValues(run)))
  const tested = all.flat().filter(({ paired }) => paired !== null)
  const adjusted = holm(tested.map(({ paired }) => paired!.pValue))
  const corrected = new Map(tested.map((comparison, index) => [comparison, adjusted[index]!]))
  return all.map((list) => list.map((comparison) => ({ ...comparison, holm: corrected.get(comparison) ?? null })))
}

function compareScores(baseline: RunResults, before: RunValues, run: RunResults, after: RunValues): Comparison[] {
  const key = ({ task, metric, filter }: Score) => JSON.stringify([task, metric, filter])
  const known = new Map(baseline.scores.map((score) => [key(score), score]))
  const common = run.scores.filter((score) => known.has(key(score)))
  if (common.length === 0) {
    const tasks = [...new Set(baseline.scores.map(({ task }) => task))].join(', ')
    throw new InputError(`${run.path} has no task in common with ${baseline.path} (${tasks})`)
  }
  return common.map((score): Comparison => {
    const { task, alias, members, metric, filter, value, n, higherIsBetter } = score
    const base = known.get(key(score))!
    const pairs = pairedValues(leafTasks(run, task), `${metric},${filter}`, before, after, [baseline.path, run.path])
    const shared = { task, alias, isGroup: members !== null, metric, filter, n, higherIsBetter }
    const values = { before: base.value, after: value, holm: null }
    if (!Number.isFinite(base.value) || !Number.isFinite(value))
      return { ...shared, ...values, paired: null, unpaired: 'not finite' }
    if (typeof pairs === 'string') return { ...shared, ...values, paired: null, unpaired: pairs }
    const isMean = isMeanOf(base.value, pairs.before) && isMeanOf(value, pairs.after)
    if (!isMean) return { ...shared, ...values, paired: null, unpaired: 'not a mean' }
    return { ...shared, ...values, paired: pairedDifference(pairs.before, pairs.after), unpaired: null }
  })
}

/** The tasks whose documents a score is made of: itself, or the members of a group, at any depth. */
function leafTasks(run: RunResults, task: string): string[] {
  const members = new Map(run.scores.map((score) => [score.task, score.members]))
  const all = new Set([task])
  // a set that grows while it is walked
  for (const name of all) for (const member of members.get(name) ?? []) all.add(member)
  return [...all].filter((name) => !members.get(name))
}

function pairedValues(
  tasks: readonly string[],
  key: string,
  before: RunValues,
  after: RunValues,
  [beforePath, afterPath]: readonly [string, string],
): { before: number[]; after: number[] } | Unpaired {
  const pairs = { before: [] as number[], after: [] as number[] }
  for (const task of tasks) {
    if (!before.has(task) || !after.has(task)) return 'no samples'
    const [first, second] = [before.get(task)!.get(key), after.get(task)!.get(key)]
    if (!first || !second) return 'not a mean'
    if (first.size !== second.size) return 'different documents'
    for (const [docId, { value, hash }] of second) {
      const other = first.get(docId)
      if (!other) return 'different documents'
      if (other.hash !== hash) {
        const where = `document ${docId} of ${task} is another one in ${beforePath} than in ${afterPath}`
        throw new InputError(`${where}; only runs on the same documents can be compared`)
      }
      pairs.before.push(other.value)
      pairs.after.push(value)
    }
  }
  return pairs.after.length === 0 ? 'no samples' : pairs
}

function isMeanOf(value: number, values: readonly number[]): boolean {
  const mean = values.reduce((sum, item) => sum + item, 0) / values.length
  return Math.abs(mean - value) <= 1e-9 * Math.max(1, Math.abs(value))
}
