import type { SaeFile } from '../loaders/open-sae.js'

/** What a row does to its latent; formulas in ARCHITECTURE.md, "An edit is data". */
export type EditAction =
  | 'add'
  | 'add_latent'
  | 'clamp'
  | 'clamp_active'
  | 'clamp_above'
  | 'clamp_refusal'
  | 'scale'
  | 'ablate'
  | 'project_clamp'

/** One steering row with its SAE opened. */
export interface SteeringEdit {
  readonly sae: SaeFile
  readonly action: EditAction
  /** The latent that is edited; for clamp_refusal the one that is watched. */
  readonly latent: number
  /** c of add and add_latent, v of the clamps, the factor of scale; not used by ablate. */
  readonly coefficient: number
  /** t of clamp_above and clamp_refusal. */
  readonly threshold?: number
  /** The latent that clamp_refusal sets. */
  readonly setLatent?: number
  /** project_clamp: measure the projection from b_dec instead of from zero. */
  readonly fromDecoderBias?: boolean
  /** Line of the row in its file, for messages. */
  readonly line?: number
}
