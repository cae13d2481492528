import type { EditStage, Intervention } from '../intervention.js'
import type { SaeFile } from '../loaders/open-sae.js'
import { checkEdit } from './check-edit.js'
import { inEdit } from './edit-error.js'
import { lowerStage, type NumberedEdit } from './lower-stage.js'
import type { Semantics, SteeringEdit } from './steering-edit.js'

export interface LowerOptions {
  /** "direct" by default. */
  readonly semantics?: Semantics
  /** Size of one head of the model's attn.hook_z; needed by edits of one head. */
  readonly dHead?: number
}

/**
 * Turns steering rows into interventions: by hook point, inside it by SAE in order of first appearance. Reads from each SAE only what
 * its rows need: one decoder row for `add`, also an encoder column for edits that read a latent; the whole file for top-k SAEs and for
 * semantics other than direct. Throws EditError for rows that cannot act.
 */
export async function lowerEdits(edits: readonly SteeringEdit[], options: LowerOptions = {}): Promise<Intervention[]> {
  const hookPoints = new Map<string, Map<SaeFile, NumberedEdit[]>>()
  for (const [number, edit] of edits.entries()) {
    checkEdit(edit, options)
    const { hookPointOut } = edit.sae.config
    const saes = hookPoints.get(hookPointOut) ?? new Map<SaeFile, NumberedEdit[]>()
    hookPoints.set(hookPointOut, saes)
    saes.set(edit.sae, [...(saes.get(edit.sae) ?? []), { ...edit, number }])
  }
  const interventions: Intervention[] = []
  for (const [hookPoint, saes] of hookPoints) {
    const stages: EditStage[] = []
    for (const [sae, rows] of saes)
      stages.push(await inEdit(edits[rows[0]!.number]!, () => lowerStage(sae, rows, options)))
    interventions.push({ hookPoint, stages })
  }
  return interventions
}
