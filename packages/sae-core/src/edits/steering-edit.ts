import type { SaeFile } from '../loaders/open-sae.js'
import type { PositionSelection } from '../position-selection.js'

/** What a row does to its latent; formulas in docs/steering.md. */
export const editActions = [
  'add',
  'add_latent',
  'clamp',
  'clamp_active',
  'clamp_above',
  'clamp_refusal',
  'scale',
  'ablate',
  'project_clamp',
  'project_scale',
  'project_cap',
] as const
export type EditAction = (typeof editActions)[number]

/**
 * How an SAE takes part: `direct` changes its latents and keeps everything else of the activation; `pr2641` (lm-evaluation-harness pull
 * request 2641) replaces the activation by the SAE's output; `fork` (the model sae_steered_beta of its author's fork) sends additions
 * through the SAE and keeps its error.
 */
export const semanticsNames = ['direct', 'pr2641', 'fork'] as const
export type Semantics = (typeof semanticsNames)[number]

/** One steering row with its SAE opened. */
export interface SteeringEdit {
  readonly sae: SaeFile
  readonly action: EditAction
  /** The latent that is edited; for clamp_refusal the one that is watched. */
  readonly latent: number
  /** c of add and add_latent, v of the clamps and the cap, the factor of scale and project_scale; not used by ablate. */
  readonly coefficient: number
  /** t of clamp_above and clamp_refusal. */
  readonly threshold?: number
  /** The latent that clamp_refusal sets. */
  readonly setLatent?: number
  /** project_clamp: measure the projection from b_dec instead of from zero. */
  readonly fromDecoderBias?: boolean
  /** Acts only at these positions; everywhere by default. */
  readonly positions?: PositionSelection
  /** Acts only where this latent is above a value; of the same SAE or of another one at the same hook point. */
  readonly condition?: { readonly sae: SaeFile; readonly latent: number; readonly above: number }
  /** hook_z only: changes this head's part of the activation and leaves the others alone. */
  readonly head?: number
}
