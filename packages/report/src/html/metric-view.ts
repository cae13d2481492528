import type { Comparison } from '../compare/compare.js'
import type { Measure } from '../compare/measure.js'
import type { ExperimentRun } from '../results/read-experiment.js'
import type { Score } from '../results/run-results.js'
import type { Unit } from './numbers.js'
import { isSame, type Same } from './score-of.js'
import type { Wanted } from './wanted.js'

/** A run with what was found of it. */
export interface ReportRun {
  readonly run: ExperimentRun
  readonly measures: readonly Measure[]
  /** null without a baseline, and without a task of it. */
  readonly comparisons: readonly Comparison[] | null
}

/** One metric of an experiment, as tables and charts show it. */
export interface MetricView {
  /** "acc", or "exact_match (strict-match)". */
  readonly metric: string
  /** The target first, then other tasks, then groups. */
  readonly columns: readonly Score[]
  /** What its tasks and groups are called, by name: no two alike. */
  readonly names: ReadonlyMap<string, string>
  /** null where the metric does not have the target, or groups alone. */
  readonly wanted: Wanted | null
  /** The unsteered model; null without. */
  readonly baseline: ReportRun | null
  readonly runs: readonly ReportRun[]
  /** The parameter that is a dose; null for none. */
  readonly dose: string | null
}

/** What a task or group is called on the page. */
export function shownName(
  { names }: Pick<MetricView, 'names'>,
  { task, alias }: Pick<Score, 'task' | 'alias'>,
): string {
  return names.get(task) ?? alias
}

export function measureOf({ measures }: ReportRun, wanted: Same): Measure | undefined {
  return measures.find((item) => isSame(item, wanted))
}

export function comparisonOf({ comparisons }: ReportRun, wanted: Same): Comparison | undefined {
  return comparisons?.find((item) => isSame(item, wanted))
}

/** What a score's numbers count: by the run itself. */
export function unitOf(run: ReportRun, score: Score): Unit {
  return { isProportion: measureOf(run, score)?.interval?.method === 'wilson', n: score.n }
}

/** What runs are held against, in words. */
export function baselineName({ baseline }: Pick<MetricView, 'baseline'>): string {
  const { label = 'unsteered' } = baseline?.run ?? {}
  return label === 'unsteered' ? 'the unsteered model' : label
}

/** Beyond chance: p < 0.05 after the correction for all tests of the page. */
export function isSure({ holm }: Pick<Comparison, 'holm'>): boolean {
  return holm !== null && holm < 0.05
}

/** The level of guessing on a task; null where it is not known. */
export function chanceOf({ baseline, runs }: Pick<MetricView, 'baseline' | 'runs'>, score: Same): number | null {
  for (const run of [...(baseline ? [baseline] : []), ...runs]) {
    const chance = measureOf(run, score)?.chance ?? null
    if (chance !== null) return chance
  }
  return null
}
