import { holm, type PairedDifference, pairedDifference, type WithinBudget, withinBudget } from '@saeval/report'
import { attempt } from '../run-cell.js'
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

/** A finalist that cannot run on the confirming documents, and why. */
export interface FailedFinalist {
  readonly arm: number
  readonly message: string
}

/** Level of the tests of a search. */
export const level = 0.05

/** Measures finalists and the unsteered model on all confirming documents, and tests each. One that cannot run counts as a finalist without effect. */
export async function confirm(
  problem: SearchProblem,
  finalists: readonly number[],
  onFinalist: (done: number) => void = () => {},
): Promise<{ readonly confirmations: readonly Confirmation[]; readonly failed: readonly FailedFinalist[] }> {
  if (finalists.length === 0) return { confirmations: [], failed: [] }
  const wanted = { part: 'confirming', ...problem.documents.confirming } as const
  const base = await problem.measure(null, wanted)
  await problem.ahead?.(finalists, wanted)
  const tested: Omit<Confirmation, 'holm' | 'confirmed'>[] = []
  const failed: FailedFinalist[] = []
  for (const [done, arm] of finalists.entries()) {
    onFinalist(done)
    const values = await attempt(problem.measure(arm, wanted))
    if (typeof values === 'string') {
      failed.push({ arm, message: values })
      continue
    }
    const objective = pairedDifference(base.objective, values.objective, 1 - level / finalists.length)
    const guards = problem.budgets.map((budget, guard) =>
      withinBudget(base.guards[guard]!, values.guards[guard]!, budget),
    )
    const wantedP = objective.difference > 0 ? objective.pValue : 1
    tested.push({ arm, objective, guards, pValue: Math.max(wantedP, ...guards.map(({ pValue }) => pValue)) })
  }
  const corrected = holm([...tested.map(({ pValue }) => pValue), ...failed.map(() => 1)])
  const confirmations = tested.map((one, index) => {
    const own = corrected[index]!
    return { ...one, holm: own, confirmed: own < level }
  })
  return { confirmations, failed }
}
