import { parseHookPoint } from '../hook-point.js'
import type { SaeFile } from '../loaders/open-sae.js'
import { activationOf } from '../sae-config.js'
import { EditError } from './edit-error.js'
import { isProjection } from './projection.js'
import type { Semantics, SteeringEdit } from './steering-edit.js'

declare const isChecked: unique symbol

/** An edit that its SAE can make: its latents are there, and it has what its action needs. Only checkEdit gives one. */
export type CheckedEdit = SteeringEdit & { readonly [isChecked]: true }

/** The edit, known to be one that its SAE can make by these semantics. Throws EditError for one that it cannot. */
export function checkEdit(edit: SteeringEdit, semantics: Semantics = 'direct'): CheckedEdit {
  checkLatents(edit)
  if ((edit.action === 'clamp_above' || edit.action === 'clamp_refusal') && edit.threshold === undefined)
    throw new EditError(edit, 'threshold', `${edit.action} needs a threshold`)
  if (edit.action === 'clamp_refusal' && edit.setLatent === undefined)
    throw new EditError(edit, 'setLatent', 'clamp_refusal needs the latent to set')
  checkArchitecture(edit)
  checkCondition(edit)
  checkLaterLayers(edit, semantics)
  checkOrigin(edit)
  if (edit.head !== undefined && parseHookPoint(edit.sae.config.hookPointOut).kind !== 'attn.hook_z')
    throw new EditError(
      edit,
      'head',
      `only attn.hook_z has heads, and ${saeName(edit.sae)} writes to ${edit.sae.config.hookPointOut}`,
    )
  if (semantics === 'direct') checkThresholds(edit)
  else checkReplacement(edit, semantics)
  return edit as CheckedEdit
}

/** A latent of any architecture is 0 or more; only by other semantics does a gate see what edits have made of it. */
function checkThresholds(edit: SteeringEdit): void {
  const { action, threshold = 0, condition, setLatent = edit.latent } = edit
  if ((action === 'clamp_above' || action === 'clamp_refusal') && threshold < 0)
    throw new EditError(
      edit,
      'threshold',
      `latents are never below 0, so latent ${edit.latent} is above ${threshold} everywhere; clamp latent ${setLatent} by the action clamp, or give a threshold from 0 on`,
    )
  if (condition !== undefined && condition.above < 0)
    throw new EditError(
      edit,
      'above',
      `latents are never below 0, so latent ${condition.latent} is above the threshold ${condition.above} everywhere; leave the condition out, or give a threshold from 0 on`,
    )
}

function checkLatents(edit: SteeringEdit): void {
  const check = (field: keyof SteeringEdit, sae: SaeFile, latent: number | undefined) => {
    if (latent === undefined) return
    const { dSae } = sae.config
    if (Number.isInteger(latent) && latent >= 0 && latent < dSae) return
    throw new EditError(edit, field, `latent ${latent} is out of range: ${saeName(sae)} has latents 0 to ${dSae - 1}`)
  }
  check('latent', edit.sae, edit.latent)
  check('setLatent', edit.sae, edit.setLatent)
  if (edit.condition) check('condition', edit.condition.sae, edit.condition.latent)
}

/** Temporal and matching-pursuit SAEs have no formula for one token's latents alone; latents of some crosscoders read what is not there yet. */
function checkArchitecture(edit: SteeringEdit): void {
  const { config } = edit.sae
  if (hasOwnLatents(edit.sae) || edit.action === 'add' || isProjection(edit.action)) return
  const name = saeName(edit.sae)
  if (edit.action === 'add_latent' && config.readsBeyond?.knowsScale === false)
    throw new EditError(
      edit,
      'action',
      `add_latent needs the factors by which activations were multiplied when ${name} was trained, which its files do not tell; use add, which adds the decoder row as it is stored`,
    )
  // f + c needs no f
  if (edit.action === 'add_latent' && config.normalization === 'none') return
  const { readsBeyond } = config
  const others =
    edit.sae.laterLayers.length === 0
      ? 'add, add_latent, project_clamp, project_scale and project_cap'
      : 'add and add_latent'
  const why =
    readsBeyond === null
      ? `${name} (${config.architecture}) computes its latents from more than one token and the others`
      : `those of ${name} read ${readsBeyond.what}, which are not known where its edit begins`
  throw new EditError(edit, 'action', `${edit.action} reads a latent, but ${why}; it can be steered with ${others}`)
}

function checkCondition(edit: SteeringEdit): void {
  if (!edit.condition) return
  const { sae } = edit.condition
  if (!hasOwnLatents(sae))
    throw new EditError(
      edit,
      'condition',
      sae.config.readsBeyond === null
        ? `a latent of ${saeName(sae)} (${sae.config.architecture}) cannot be a condition: it is not computed from one token`
        : `a latent of ${saeName(sae)} cannot be a condition: it reads ${sae.config.readsBeyond.what}`,
    )
  const { hookPoint, hookPointOut } = edit.sae.config
  if (sae.config.hookPoint !== hookPoint && sae.config.hookPoint !== hookPointOut)
    throw new EditError(
      edit,
      'condition',
      `the condition's SAE reads ${sae.config.hookPoint}, the row acts at ${hookPointOut}; both must be at one hook point`,
    )
}

/** b_dec of such a crosscoder is a point among the activations as training had them, which are not those of the model. */
function checkOrigin(edit: SteeringEdit): void {
  if (edit.fromDecoderBias && edit.sae.config.readsBeyond !== null)
    throw new EditError(
      edit,
      'fromDecoderBias',
      `the b_dec of ${saeName(edit.sae)}, which reads ${edit.sae.config.readsBeyond.what}, is no origin of this model's activations; leave the origin out`,
    )
}

/** One layer of a cross-layer transcoder or crosscoder is no reconstruction, and its rows in several layers are no one direction. */
function checkLaterLayers(edit: SteeringEdit, semantics: Semantics): void {
  if (edit.sae.laterLayers.length === 0) return
  const what = `${saeName(edit.sae)}, whose latents write to several layers`
  if (semantics !== 'direct')
    throw new EditError(edit, 'sae', `semantics=${semantics} has no meaning for ${what}; use semantics=direct`)
  if (isProjection(edit.action))
    throw new EditError(edit, 'action', `${edit.action} has no meaning for ${what}: their rows are no one direction`)
}

function checkReplacement(edit: SteeringEdit, semantics: Semantics): void {
  const { config } = edit.sae
  if (!hasOwnLatents(edit.sae))
    throw new EditError(
      edit,
      'sae',
      `semantics=${semantics} runs the whole SAE on each token, which ${config.readsBeyond === null ? `a ${config.architecture} SAE` : `a crosscoder that reads ${config.readsBeyond.what}`} cannot do; use semantics=direct`,
    )
  const only = (field: keyof SteeringEdit, what: string) =>
    new EditError(edit, field, `${what} has no meaning with semantics=${semantics}; use semantics=direct`)
  if (isProjection(edit.action)) throw only('action', edit.action)
  if (edit.condition) throw only('condition', 'a condition')
  if (edit.head !== undefined) throw only('head', 'an edit of one head')
  if (edit.action === 'add' && config.dIn !== config.dOut)
    throw new EditError(
      edit,
      'action',
      `semantics=${semantics} adds the decoder row to the SAE's input, but ${saeName(edit.sae)} reads ${config.dIn} numbers and writes ${config.dOut}; use semantics=direct`,
    )
}

/** Whether each token's latents follow from that token's activation at one hook point alone. */
export function hasOwnLatents({ config }: SaeFile): boolean {
  return config.readsBeyond === null && !['temporal', 'matching_pursuit'].includes(activationOf(config))
}

function saeName({ reference }: SaeFile): string {
  return `${reference.release} ${reference.id}`
}
