import { withinBudget } from '@saeval/report'
import { attempt } from '../run-cell.js'
import { type Measured, meanGain, type SearchProblem } from './measured.js'
import type { Rung } from './plan-rungs.js'

/** What is known of an arm when it was last measured. */
export interface Standing {
  readonly arm: number
  /** Round, from 0, in which it was last measured; -1 for an arm that was not. */
  readonly round: number
  /** Gain of the objective, in its metric's unit, over `documents` of them. */
  readonly gain: number
  readonly documents: number
  /** Change of each guard (below 0 is a loss); null where it was not measured. */
  readonly changes: readonly (number | null)[]
  /** Why it was dropped; null for those that are left. */
  readonly dropped: Reason | null
}

/** Why an arm was dropped. */
export type Reason =
  | { readonly kind: 'not tried' }
  | { readonly kind: 'cannot run'; readonly message: string; readonly isFinalist?: true }
  | { readonly kind: 'does less'; readonly best: number }
  | { readonly kind: 'breaks guard'; readonly guard: number; readonly atLeast: number }
  | { readonly kind: 'costs more'; readonly guard: number }

/**
 * Successive halving: every round measures the arms that are left and the unsteered model on the same, more and more documents. Out go arms whose loss
 * on a guard is beyond its budget for sure (one-sided 95 %), then those that do least: gain of the objective, minus what the losses exceed the
 * budgets by more than a standard error. Gives all arms; those without a reason are left, best first.
 */
export async function halve(
  problem: SearchProblem,
  rungs: readonly Rung[],
  finalists: number,
  onRound: (round: number, done: number) => void = () => {},
): Promise<Standing[]> {
  const standings: Standing[] = []
  let alive = [...Array(rungs[0]?.arms ?? 0).keys()]
  for (let arm = alive.length; arm < problem.arms; arm++)
    standings.push({ arm, round: -1, gain: 0, documents: 0, changes: none(problem), dropped: { kind: 'not tried' } })
  for (const [round, rung] of rungs.entries()) {
    const wanted = { part: 'choosing', objective: rung.objective } as const
    const base = await problem.measure(null, { ...wanted, guards: rung.guards })
    await problem.ahead?.(alive, { ...wanted, guards: 0 })
    const scored: (Standing & { readonly rank: number; readonly margin: number })[] = []
    for (const [done, arm] of alive.entries()) {
      onRound(round, done / alive.length / 2)
      const values = await attempt(problem.measure(arm, { ...wanted, guards: 0 }))
      if (typeof values === 'string') {
        const failed = { arm, round, gain: 0, documents: 0, changes: none(problem) }
        standings.push({ ...failed, dropped: { kind: 'cannot run', message: values } })
        continue
      }
      const gain = meanGain(base.objective, values.objective)
      const margin = marginGain(base, values)
      scored.push({
        arm,
        round,
        gain,
        margin,
        rank: gain,
        documents: rung.objective,
        changes: none(problem),
        dropped: null,
      })
    }
    scored.sort(byRank)
    const half = scored.slice(0, Math.max(finalists, Math.ceil(scored.length / 2)))
    const best = half[0]?.gain ?? 0
    for (const one of scored.slice(half.length)) standings.push(standing(one, { kind: 'does less', best }))
    if (problem.budgets.length > 0)
      await problem.ahead?.(
        half.map(({ arm }) => arm),
        { ...wanted, guards: rung.guards },
      )
    const passed: typeof scored = []
    for (const [done, one] of half.entries()) {
      onRound(round, 0.5 + done / half.length / 2)
      if (problem.budgets.length === 0) {
        passed.push(one)
        continue
      }
      const values = await attempt(problem.measure(one.arm, { ...wanted, guards: rung.guards }))
      if (typeof values === 'string') {
        standings.push(standing(one, { kind: 'cannot run', message: values }))
        continue
      }
      const tests = problem.budgets.map((budget, guard) =>
        withinBudget(base.guards[guard]!, values.guards[guard]!, budget),
      )
      const changes = tests.map(({ difference }) => difference)
      const broken = tests.findIndex(({ high }, guard) => high < -problem.budgets[guard]!)
      if (broken !== -1) {
        const reason = { kind: 'breaks guard', guard: broken, atLeast: -tests[broken]!.high } as const
        standings.push(standing({ ...one, changes }, reason))
        continue
      }
      const excess = tests.map(({ difference, error }, guard) =>
        Math.max(0, -difference - problem.budgets[guard]! - error),
      )
      passed.push({ ...one, changes, rank: one.gain - excess.reduce((sum, value) => sum + value, 0) })
    }
    passed.sort(byRank)
    const next = rungs[round + 1]?.arms ?? finalists
    for (const one of passed.slice(next)) {
      const costly =
        one.rank < one.gain ? one.changes.findIndex((change, guard) => change! < -problem.budgets[guard]!) : -1
      const reason =
        costly === -1 ? ({ kind: 'does less', best } as const) : ({ kind: 'costs more', guard: costly } as const)
      standings.push(standing(one, reason))
    }
    const left = passed.slice(0, next)
    alive = left.map(({ arm }) => arm)
    if (round === rungs.length - 1) return [...left.map((one) => standing(one, null)), ...standings.reverse()]
  }
  return standings
}

function none({ budgets }: SearchProblem): null[] {
  return budgets.map(() => null)
}

function marginGain(base: Measured, values: Measured): number {
  return base.margin === null || values.margin === null ? 0 : meanGain(base.margin, values.margin)
}

function byRank(
  a: { rank: number; margin: number; arm: number },
  b: { rank: number; margin: number; arm: number },
): number {
  return b.rank - a.rank || b.margin - a.margin || a.arm - b.arm
}

function standing({ arm, round, gain, documents, changes }: Standing, dropped: Reason | null): Standing {
  return { arm, round, gain, documents, changes, dropped }
}
