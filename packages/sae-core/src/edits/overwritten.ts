import type { SaeFile } from '../loaders/open-sae.js'
import type { CheckedEdit } from './check-edit.js'
import type { Semantics } from './steering-edit.js'

/** An edit, and the later one that sets the same latent wherever it acts. */
export interface Overwritten {
  readonly edit: CheckedEdit
  readonly by: CheckedEdit
}

/** Edits that cannot take effect beside later ones of the list: each sets or changes a value that a later one sets wherever it acts itself. */
export function overwrittenEdits(edits: readonly CheckedEdit[], semantics: Semantics): Overwritten[] {
  const found: Overwritten[] = []
  const ofSaes = new Map<SaeFile, Map<string, Map<string, CheckedEdit[]>>>()
  for (const edit of edits) {
    const ofSae = ofSaes.get(edit.sae) ?? new Map<string, Map<string, CheckedEdit[]>>()
    ofSaes.set(edit.sae, ofSae)
    // such a gate sees what the edits before have left
    if (semantics !== 'direct' && edit.action === 'clamp_refusal') ofSae.delete(slotOf(edit.latent, edit))
    const value = changedValue(edit)
    if (value === null) continue
    const before = ofSae.get(value) ?? new Map<string, CheckedEdit[]>()
    ofSae.set(value, before)
    const positions = positionsOf(edit)
    if (setsValue(edit)) {
      for (const where of positions === everywhere ? [...before.keys()] : [positions]) {
        const left: CheckedEdit[] = []
        for (const other of before.get(where) ?? []) {
          if (opensWhere(edit, other, semantics)) found.push({ edit: other, by: edit })
          else left.push(other)
        }
        before.set(where, left)
      }
    }
    const alike = before.get(positions) ?? []
    alike.push(edit)
    before.set(positions, alike)
  }
  return found
}

/** What an edit changes and later ones can set: a latent's activation, or the length along its row; of one head or all. null for what only adds up. */
function changedValue(edit: CheckedEdit): string | null {
  switch (edit.action) {
    case 'add':
    case 'project_scale':
    case 'project_cap':
      return null
    case 'project_clamp':
      return `along ${edit.fromDecoderBias ?? false} ${slotOf(edit.latent, edit)}`
    default:
      return slotOf(edit.setLatent ?? edit.latent, edit)
  }
}

function slotOf(latent: number, { head }: CheckedEdit): string {
  return `${latent} ${head}`
}

const everywhere = 'null'

function positionsOf({ positions }: CheckedEdit): string {
  return JSON.stringify(positions ?? null)
}

/** Whether what was there before does not matter where the edit acts. */
function setsValue({ action, coefficient }: CheckedEdit): boolean {
  return action.includes('clamp') || action === 'ablate' || (action === 'scale' && coefficient === 0)
}

/** Whether an edit acts at every token where an earlier one does, their positions aside. */
function opensWhere(edit: CheckedEdit, earlier: CheckedEdit, semantics: Semantics): boolean {
  if (semantics !== 'direct') return edit.action === 'ablate' || edit.action === 'scale'
  const known = gatesOf(earlier)
  return gatesOf(edit).every((gate) =>
    known.some(({ sae, latent, above }) => sae === gate.sae && latent === gate.latent && above >= gate.above),
  )
}

/** The gates of an edit by semantics direct, all of which read what arrives. */
function gatesOf({ sae, action, latent, threshold = 0, condition }: CheckedEdit) {
  const isGated = action === 'clamp_active' || action === 'clamp_above' || action === 'clamp_refusal'
  return [...(isGated ? [{ sae, latent, above: threshold }] : []), ...(condition === undefined ? [] : [condition])]
}
