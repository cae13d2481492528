import type { ClaimState } from '@saeval/hub/internal/claims/claims'
import type { Plan } from './plan-file.js'
import { type ItemFailure, itemName, openPlanFolder } from './plan-folder.js'

/** How an item is: `lost` where its worker is dead, `failed` where it could not be done, `waiting` where nobody has begun. */
export type ItemState = 'done' | 'running' | 'failed' | 'lost' | 'waiting'

/** An item, and who has it or why it has failed. */
export interface ItemStatus {
  readonly item: number
  readonly state: ItemState
  readonly claim: ClaimState | null
  readonly failure: ItemFailure | null
}

/** How every item of a plan is, by its folder. */
export function planStatus(folder: string, plan: Plan): ItemStatus[] {
  const opened = openPlanFolder(folder, plan)
  const claims = opened.claims.list()
  return plan.items.map((content, item) => {
    const claim = claims.get(itemName(item)) ?? null
    const failure = opened.failure(item)
    return { item, state: stateOf(opened.isDone(content), claim, failure), claim, failure }
  })
}

function stateOf(isDone: boolean, claim: ClaimState | null, failure: ItemFailure | null): ItemState {
  if (isDone) return 'done'
  if (claim !== null) return claim.isDead ? 'lost' : 'running'
  return failure === null ? 'waiting' : 'failed'
}
