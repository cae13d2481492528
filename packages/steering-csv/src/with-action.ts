import { usedBy } from './check-use.js'
import type { HookAction, SaeSteeredRow } from './columns.js'

/**
 * The row with another action; cells that the action cannot use are emptied. What it needs and the row lacks is not made up, and a unit that it
 * cannot have stays, which makes the row invalid: without it the coefficient would mean another strength.
 */
export function withAction(row: SaeSteeredRow, action: HookAction): SaeSteeredRow {
  const uses = (column: string) => usedBy[column]!.includes(action)
  const { origin, unit, ...rest } = row
  // a factor is one in every unit
  const isFactor = action === 'scale' || action === 'ablate'
  return {
    ...rest,
    hook_action: action,
    clamp_value: uses('clamp_value') ? row.clamp_value : null,
    refuse_id: uses('refuse_id') ? row.refuse_id : null,
    steering_coefficient: action === 'ablate' ? 0 : row.steering_coefficient,
    ...(origin !== undefined && uses('origin') ? { origin } : {}),
    ...(unit === undefined || isFactor ? {} : { unit }),
  }
}
