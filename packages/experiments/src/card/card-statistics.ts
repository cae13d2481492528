import { basename } from 'node:path'
import type { Experiment, ExperimentRun } from '@saeval/report'
import { nullEffects } from '@saeval/report'
import { type MeasuredRun, measureRuns } from '@saeval/report/internal/compare/compare'
import type { Measure } from '@saeval/report/internal/compare/measure'

/** One metric of one task of a card. */
export interface CardScore {
  readonly task: string
  readonly metric: string
  readonly filter: string
  readonly documents: number
  readonly higher_is_better: boolean | null
  readonly value: number
  /** 95 %; null where it is not known. */
  readonly interval: readonly [low: number, high: number] | null
  readonly interval_method: string | null
  /** What guessing scores; null where there are no choices, or no texts of them. */
  readonly unsteered: number | null
  /** Difference to the unsteered model on the same documents, with 95 %; null where it cannot be paired. */
  readonly difference: {
    readonly value: number
    /** null of one document. */
    readonly interval: readonly [low: number, high: number] | null
    readonly p: number
    readonly p_holm: number | null
    readonly method: string
    readonly risen: number
    readonly fallen: number
    readonly detectable: number
  } | null
  /** Why there is none. */
  readonly unpaired: string | null
}

/** What a card's results say: statistics.json. */
export interface CardStatistics {
  readonly unsteered: readonly CardScore[]
  readonly settings: readonly { readonly label: string; readonly scores: readonly CardScore[] }[]
  /** Effects beside those of controls, of sweeps that have some: see nullEffects of @saeval/report. */
  readonly controls: readonly (readonly object[])[]
}

/** The statistics of results, from their samples alone. JSON values. */
export async function cardStatistics(experiment: Experiment): Promise<CardStatistics> {
  const { baseline, runs } = experiment
  const measured = await measureRuns(
    baseline?.results ?? null,
    runs.map(({ results }) => results),
  )
  const statistics: CardStatistics = {
    unsteered: baseline === null ? [] : scoresOf(baseline, { measures: measured.baseline, comparisons: null }),
    settings: runs.map((run, index) => ({ label: settingLabel(run), scores: scoresOf(run, measured.runs[index]!) })),
    controls: nullEffects(experiment),
  }
  // as it is read again: without what JSON has no numbers for
  return JSON.parse(JSON.stringify(statistics)) as CardStatistics
}

/** What a setting is called: what tells it from the others, or the file of its edits. */
export function settingLabel({ label, parameters, results: { modelArgs } }: ExperimentRun): string {
  const file = modelArgs.csv_path ?? modelArgs.steer_path
  return Object.keys(parameters).length === 0 && typeof file === 'string' ? basename(file) : label
}

function scoresOf({ results }: ExperimentRun, { measures, comparisons }: MeasuredRun): CardScore[] {
  return results.scores.map(({ task, metric, filter, n, higherIsBetter, value }, index): CardScore => {
    const { interval } = measures[index] as Measure
    const comparison = comparisons?.find(
      (other) => other.task === task && other.metric === metric && other.filter === filter,
    )
    const paired = comparison?.paired ?? null
    return {
      task,
      metric,
      filter,
      documents: n,
      higher_is_better: higherIsBetter,
      value,
      interval: interval === null ? null : [interval.low, interval.high],
      interval_method: interval?.method ?? null,
      unsteered: comparison?.before ?? null,
      difference: paired && {
        value: paired.difference,
        interval: Number.isFinite(paired.high - paired.low) ? [paired.low, paired.high] : null,
        p: paired.pValue,
        p_holm: comparison!.holm,
        method: paired.method,
        risen: paired.risen,
        fallen: paired.fallen,
        detectable: paired.detectable,
      },
      unpaired: comparison?.unpaired ?? null,
    }
  })
}

/** Where two statistics differ, as paths and values; none where they are the same but for the last digits. */
export function otherStatistics(told: unknown, found: unknown, place = 'statistics.json'): string[] {
  if (typeof told === 'number' && typeof found === 'number') {
    const isSame = Math.abs(told - found) <= 1e-9 * Math.max(1, Math.abs(found))
    return isSame ? [] : [`${place} is ${told}, and the card's own samples give ${found}`]
  }
  if (typeof told !== 'object' || typeof found !== 'object' || told === null || found === null)
    return told === found
      ? []
      : [`${place} is ${shownValue(told)}, and the card's own samples give ${shownValue(found)}`]
  const names = new Set([...Object.keys(found), ...Object.keys(told)])
  return [...names].flatMap((name) =>
    otherStatistics(
      (told as Record<string, unknown>)[name],
      (found as Record<string, unknown>)[name],
      `${place}: ${name}`.replace(/^(statistics\.json): (.*): (\w+)$/, '$1: $2.$3'),
    ),
  )
}

function shownValue(value: unknown): string {
  return (JSON.stringify(value) ?? 'missing').slice(0, 80)
}
