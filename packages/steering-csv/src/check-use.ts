import type { Report, Row } from './parse-steering-csv.js'

/** Which actions use a column that not every action uses. */
export const usedBy: Readonly<Record<string, readonly string[]>> = {
  clamp_value: ['clamp_above', 'clamp_cond', 'clamp_refusal'],
  refuse_id: ['clamp_refusal'],
  origin: ['project_clamp'],
}

/** Columns that a row needs or cannot use, by its action and its other columns. */
export function checkUse(row: Row, report: Report): void {
  const action = row.hook_action as string
  const given = (column: string) => row[column] !== null && row[column] !== undefined
  const unused = (column: string, message: string) =>
    report(row.line, column, 'without_effect', message, String(row[column]))

  for (const column of ['clamp_value', 'refuse_id']) {
    if (usedBy[column]!.includes(action) && !given(column))
      report(row.line, column, 'required_for_action', `${action} needs a ${column}; give one`)
  }
  for (const [column, actions] of Object.entries(usedBy)) {
    // the original program wants a clamp_value in every row; its files have 0 where it means nothing
    if (!given(column) || actions.includes(action) || (column === 'clamp_value' && row[column] === 0)) continue
    unused(column, `${column} has no meaning for ${action}, only for ${actions.join(', ')}; leave the cell empty`)
  }
  if (action === 'ablate' && row.steering_coefficient !== 0)
    unused('steering_coefficient', 'ablate sets the latent to 0 and uses no coefficient; write 0, or use scale')
  checkUnit(row, action, given, unused)
  checkCondition(row, given, report, unused)
}

type Given = (column: string) => boolean
type Unused = (column: string, message: string) => void

function checkUnit(row: Row, action: string, given: Given, unused: Unused): void {
  if ((action === 'scale' || action === 'ablate') && given('unit') && row.unit !== 'absolute')
    unused('unit', `the coefficient of ${action} is a plain factor; leave the cell empty`)
  if (row.unit === 'max_activation' && action === 'project_clamp')
    unused('unit', 'project_clamp sets a length along a direction, not an activation; use absolute or residual_norm')
}

function checkCondition(row: Row, given: Given, report: Report, unused: Unused): void {
  const hasCondition = given('condition_latent') || given('condition_neuronpedia')
  for (const column of ['condition_threshold', 'condition_sae_release', 'condition_sae_id']) {
    if (given(column) && !hasCondition)
      unused(column, `${column} has no meaning without a condition_latent; give one or leave the cell empty`)
  }
  for (const [column, other] of [
    ['condition_sae_release', 'condition_sae_id'],
    ['condition_sae_id', 'condition_sae_release'],
  ] as const) {
    if (given(other) && !given(column))
      report(
        row.line,
        column,
        'incomplete',
        `${other} needs a ${column} beside it, or leave both empty for the row's own SAE`,
      )
  }
}
