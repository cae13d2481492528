import type { Comparison } from './compare.js'

/** Documents that became better and worse by a metric. */
export interface ChangedAnswers {
  readonly improved: number
  readonly worsened: number
  /** worsened / (improved + worsened); null where nothing changed. */
  readonly worsenedShare: number | null
}

/** What became of the documents; where it is not known whether higher is better, higher counts as better. null without a paired difference. */
export function changedAnswers({ paired, higherIsBetter }: Comparison): ChangedAnswers | null {
  if (paired === null) return null
  const { risen, fallen } = paired
  const [improved, worsened] = higherIsBetter === false ? [fallen, risen] : [risen, fallen]
  const changed = improved + worsened
  return { improved, worsened, worsenedShare: changed === 0 ? null : worsened / changed }
}
