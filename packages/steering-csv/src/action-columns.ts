import type { DraftRow, HookAction, SaeSteeredRow } from './columns.js'
import type { Report } from './problem.js'

/** Which actions use a column that not every action uses. */
const usedBy: Readonly<Record<'clamp_value' | 'refuse_id' | 'origin', readonly HookAction[]>> = {
  clamp_value: ['clamp_above', 'clamp_cond', 'clamp_refusal'],
  refuse_id: ['clamp_refusal'],
  origin: ['project_clamp'],
}
const columnsOfSome = ['clamp_value', 'refuse_id', 'origin'] as const

/** Whether the coefficient of an action is a plain factor, which has no unit. */
function isFactor(action: HookAction): boolean {
  return action === 'scale' || action === 'ablate' || action === 'project_scale'
}

/** Whether the coefficient of an action is a length along a direction. */
function isLength(action: HookAction): boolean {
  return action === 'project_clamp' || action === 'project_cap'
}

/** Reports columns that a row needs or cannot use, by its action and its other columns. */
export function checkUse(row: DraftRow, report: Report): void {
  const { hook_action: action, unit } = row
  const given = (column: keyof DraftRow) => row[column] != null
  const unused = (column: keyof DraftRow, message: string) =>
    report(column, 'without_effect', message, String(row[column]))

  for (const column of ['clamp_value', 'refuse_id'] as const) {
    if (usedBy[column].includes(action) && !given(column))
      report(column, 'required_for_action', `${action} needs a ${column}; give one`)
  }
  for (const column of columnsOfSome) {
    const actions = usedBy[column]
    // the original program wants a clamp_value in every row; its files have 0 where it means nothing
    if (!given(column) || actions.includes(action) || (column === 'clamp_value' && row[column] === 0)) continue
    unused(column, `${column} has no meaning for ${action}, only for ${actions.join(', ')}; leave the cell empty`)
  }
  if (action === 'ablate' && row.steering_coefficient !== 0)
    unused('steering_coefficient', 'ablate sets the latent to 0 and uses no coefficient; write 0, or use scale')
  if (isFactor(action) && given('unit') && unit !== 'absolute')
    unused('unit', `the coefficient of ${action} is a plain factor; leave the cell empty`)
  if (isFactor(action) && given('max_activation'))
    unused('max_activation', `the coefficient of ${action} is a plain factor; leave the cell empty`)
  if (unit === 'max_activation' && isLength(action))
    unused('unit', `${action} sets a length along a direction, not an activation; use absolute or residual_norm`)

  if (!given('condition_latent') && !given('condition_neuronpedia')) {
    for (const column of ['condition_threshold', 'condition_sae_release', 'condition_sae_id'] as const)
      if (given(column))
        unused(column, `${column} has no meaning without a condition_latent; give one or leave the cell empty`)
  }
  for (const [column, other] of [
    ['condition_sae_release', 'condition_sae_id'],
    ['condition_sae_id', 'condition_sae_release'],
  ] as const) {
    const message = `${other} needs a ${column} beside it, or leave both empty for the row's own SAE`
    if (given(other) && !given(column)) report(column, 'incomplete', message)
  }
}

/**
 * The row with another action; cells that the action cannot use are emptied. What it needs and the row lacks is not made up, and a unit that it
 * cannot have stays, which makes the row invalid: without it the coefficient would mean another strength.
 */
export function withAction(row: SaeSteeredRow, action: HookAction): SaeSteeredRow {
  const { max_activation: most, origin, unit, ...rest } = row
  return {
    ...rest,
    hook_action: action,
    clamp_value: usedBy.clamp_value.includes(action) ? row.clamp_value : null,
    refuse_id: usedBy.refuse_id.includes(action) ? row.refuse_id : null,
    steering_coefficient: action === 'ablate' ? 0 : row.steering_coefficient,
    ...(origin !== undefined && usedBy.origin.includes(action) ? { origin } : {}),
    // a factor is one in every unit
    ...(unit === undefined || isFactor(action) ? {} : { unit }),
    ...(most === undefined || isFactor(action) ? {} : { max_activation: most }),
  }
}
