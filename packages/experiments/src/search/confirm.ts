import { holm, type PairedDifference, pairedDifference, type WithinBudget, withinBudget } from '@saeval/report'
import type { SearchProblem } from './measured.js'

/** A finalist on documents that took no part in choosing it. */
export interface Confirmation {
  readonly arm: number
  /** Difference of the objective; its interval holds for all finalists at once (95 %, Bonferroni). Above 0 is what is wanted. */
  readonly objective: PairedDifference
  readonly guards: readonly WithinBudget[]
  /**
   * For the claim that it does what is wanted and breaks no guard: the largest p value of its parts, as all must hold (intersection-union test,
   * Berger 1982).
   */
  readonly pValue: number
  /** Corrected for all finalists by Holm's method. */
  readonly holm: number
  /** holm below 0.05. */
  readonly confirmed: boolean
}

const level = 0.05

/** Measures finalists and the unsteered model on all confirming documents, and tests each. */
export async function confirm(
  problem: SearchProblem,
  finalists: readonly number[],
  onFinalist: (done: number) => void = () => {},
): Promise<Confirmation[]> {
  if (finalists.length === 0) return []
  const wanted = { part: 'confirming', ...problem.documents.confirming } as const
  const base = await problem.measure(null, wanted)
  await problem.ahead?.(finalists, wanted)
  const tested: Omit<Confirmation, 'holm' | 'confirmed'>[] = []
  for (const [done, arm] of finalists.entries()) {
    onFinalist(done)
    const values = await problem.measure(arm, wanted)
    const objective = pairedDifference(base.objective, values.objective, 1 - level / finalists.length)
    const guards = problem.budgets.map((budget, guard) =>
      withinBudget(base.guards[guard]!, values.guards[guard]!, budget),
    )
    const wantedP = objective.difference > 0 ? objective.pValue : 1
    tested.push({ arm, objective, guards, pValue: Math.max(wantedP, ...guards.map(({ pValue }) => pValue)) })
  }
  const corrected = holm(tested.map(({ pValue }) => pValue))
  return tested.map((one, index) => ({ ...one, holm: corrected[index]!, confirmed: corrected[index]! < level }))
}
