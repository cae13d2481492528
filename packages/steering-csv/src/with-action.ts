import { usedBy } from './check-use.js'
import type { HookAction, SaeSteeredRow } from './columns.js'

/** The row with another action; cells that the action cannot use are emptied. What it needs and the row lacks is not made up. */
export function withAction(row: SaeSteeredRow, action: HookAction): SaeSteeredRow {
  const uses = (column: string) => usedBy[column]!.includes(action)
  const { origin, unit, ...rest } = row
  const isFactor = action === 'scale' || action === 'ablate'
  const keepsUnit = unit !== undefined && !isFactor && !(unit === 'max_activation' && action === 'project_clamp')
  return {
    ...rest,
    hook_action: action,
    clamp_value: uses('clamp_value') ? row.clamp_value : null,
    refuse_id: uses('refuse_id') ? row.refuse_id : null,
    steering_coefficient: action === 'ablate' ? 0 : row.steering_coefficient,
    ...(origin !== undefined && uses('origin') ? { origin } : {}),
    ...(keepsUnit ? { unit } : {}),
  }
}
