import type { Findings } from '@saeval/report'
import { armText } from './arms.js'
import type { SearchResult } from './search-record.js'

/**
 * The objective against what the guards lose, for each arm that was measured on them. Only arms of the last round answered the same documents, all of them to
 * choose on: they alone make the Pareto front; those of earlier rounds are shown without one. Of several guards the one with the largest share of its budget lost
 * counts. null without guards, and where no arm came to them.
 */
export function tradeOffOf({ standings, arms, objective, guards, unsteered }: SearchResult): Findings['tradeOff'] {
  const shown = standings.filter(({ changes, round }) => round >= 0 && changes.length > 0 && !changes.includes(null))
  if (guards.length === 0 || shown.length === 0) return null
  const sign = objective.wanted === 'down' ? -1 : 1
  const last = Math.max(...shown.map(({ round }) => round))
  const [only] = guards
  // a guard that may rise by so much: a loss is a rise
  const isRise = guards.length === 1 && only!.points > 0
  const worst = (changes: readonly (number | null)[]) =>
    Math.min(...changes.map((change, guard) => (100 * 100 * change!) / Math.abs(guards[guard]!.points)))
  return {
    metric: guards.length === 1 ? 'change in points' : 'change',
    targetTask: objective.tasks.join('+'),
    otherTasks: guards.length === 1 ? only!.tasks.join('+') : `worst of ${guards.length} guards, % of its budget`,
    points: shown.map(({ arm, gain, changes, round }) => ({
      label: armText(arms[arm]!),
      target: 100 * sign * gain,
      others: guards.length === 1 ? 100 * (isRise ? -changes[0]! : changes[0]!) : worst(changes),
      series: round === last ? 'last round' : 'earlier rounds',
    })),
    others: isRise ? 'low' : 'high',
    series: ['last round', 'earlier rounds'],
    front: 'last round',
    baseline: { label: `unsteered (${unsteered.objective.toFixed(3)})`, target: 0, others: 0 },
    wanted: objective.wanted === 'down' ? 'low' : 'high',
    caption: `A point is an arm on the documents that it was chosen on when it was last measured, in points${guards.length === 1 ? '' : '; of the guards the one that has lost most of its budget, in per cent of it (-100 % is all of it)'}. The staircase is the Pareto front of the last round, whose arms answered the same documents, ties included; arms of earlier rounds answered fewer and have none. What it shows is chosen, so it flatters; the table below tests the finalists on other documents.`,
  }
}
