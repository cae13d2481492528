import { InputError } from '@saeval/hub'
import type { RunResults, Score } from '../results/run-results.js'
import { holm } from '../statistics/holm.js'
import { type PairedDifference, pairedDifference } from '../statistics/paired-difference.js'
import { isMeanOf, leafTasks, type RunValues, readValues } from './document-values.js'
import type { Kept } from './kept-runs.js'
import { type Measure, measureScores, withoutFalseShares } from './measure.js'

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
  /** paired's p value, corrected by Holm's method for all tests of single tasks; null for a group, whose documents those have tested already. */
  readonly holm: number | null
}

/**
 * Samples were not logged; the runs evaluated different sets of documents; the metric is not the mean of its documents' values
 * (perplexity, BLEU, groups that are not averages over all their documents); or one of the values is infinite or NaN.
 */
export type Unpaired = 'no samples' | 'different documents' | 'not a mean' | 'not finite'

/**
 * Compares runs with a baseline, metric by metric, on the tasks that both have. The p values of all runs and single tasks together are one family for
 * Holm's correction; a group's row is a union of them and not counted again. Throws InputError when a run has no task in common with the baseline, or
 * other documents under the same numbers.
 */
export async function compareWithBaseline(baseline: RunResults, runs: readonly RunResults[]): Promise<Comparison[][]> {
  const before = await readValues(baseline)
  const all: Comparison[][] = []
  for (const run of runs) all.push(compareScores(baseline, before, run, await readValues(run)))
  return corrected(all)
}

/** A run by itself and beside the baseline. */
export interface MeasuredRun {
  readonly measures: readonly Measure[]
  /** null without a baseline, and for a run that has no score in common with it. */
  readonly comparisons: readonly Comparison[] | null
}

/** What was found of runs, each before the corrections over all of them. */
export type KeptRuns = Kept<MeasuredRun>

/** compareWithBaseline and measureScores in one reading; runs may have other tasks than the baseline. Of runs that are in `kept` no documents are read. */
export async function measureRuns(
  baseline: RunResults | null,
  runs: readonly RunResults[],
  kept?: KeptRuns,
): Promise<{ readonly baseline: readonly Measure[]; readonly runs: readonly MeasuredRun[] }> {
  let read: Promise<RunValues> | null = null
  const before = (run: RunResults) => {
    read ??= readValues(run)
    return read
  }
  const findBaseline = async (run: RunResults) => ({
    measures: measureScores(run, await before(run)),
    comparisons: null,
  })
  const find = async (run: RunResults): Promise<MeasuredRun> => {
    const values = await readValues(run)
    const isComparable = baseline !== null && hasCommonScore(run, baseline)
    return {
      measures: measureScores(run, values),
      comparisons: isComparable ? compareScores(baseline, await before(baseline), run, values) : null,
    }
  }
  const get: KeptRuns['get'] = kept?.get ?? ((_, __, make) => make())
  const own = baseline && (await get(null, baseline, () => findBaseline(baseline)))
  const found: MeasuredRun[] = []
  for (const run of runs) found.push(await get(baseline, run, () => find(run)))
  const compared = corrected(found.map(({ comparisons }) => comparisons ?? []))
  const all = [
    ...(own ? [{ scores: baseline!.scores, measures: own.measures }] : []),
    ...runs.map(({ scores }, index) => ({ scores, measures: found[index]!.measures })),
  ]
  const told = withoutFalseShares(all)
  return {
    baseline: own ? told.shift()! : [],
    runs: told.map((measures, index) => ({ measures, comparisons: found[index]!.comparisons && compared[index]! })),
  }
}

function corrected(all: readonly (readonly Comparison[])[]): Comparison[][] {
  const family = all.flat().filter(({ paired, isGroup }) => paired !== null && !isGroup)
  const adjusted = holm(family.map(({ paired }) => paired!.pValue))
  const known = new Map(family.map((comparison, index) => [comparison, adjusted[index]!]))
  return all.map((list) => list.map((comparison) => ({ ...comparison, holm: known.get(comparison) ?? null })))
}

function hasCommonScore(a: RunResults, b: RunResults): boolean {
  const known = new Set(b.scores.map(scoreKey))
  return a.scores.some((score) => known.has(scoreKey(score)))
}

function scoreKey({ task, metric, filter }: Score): string {
  return JSON.stringify([task, metric, filter])
}

function compareScores(baseline: RunResults, before: RunValues, run: RunResults, after: RunValues): Comparison[] {
  const known = new Map(baseline.scores.map((score) => [scoreKey(score), score]))
  const common = run.scores.filter((score) => known.has(scoreKey(score)))
  if (common.length === 0) {
    const tasks = [...new Set(baseline.scores.map(({ task }) => task))].join(', ')
    throw new InputError(`${run.path} has no task in common with ${baseline.path} (${tasks})`)
  }
  return common.map((score): Comparison => {
    const { task, alias, members, metric, filter, value, n, higherIsBetter } = score
    const base = known.get(scoreKey(score))!
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
    const [first, second] = [before.get(task)!.get(key)?.documents, after.get(task)!.get(key)?.documents]
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
