import type { RuntimeNormalization } from './intervention.js'

export type Architecture = 'standard' | 'jumprelu'

/** What an SAE is, after SAELens' conversions; sizes are those of its tensors. */
export interface SaeConfig {
  readonly architecture: Architecture
  readonly dIn: number
  readonly dSae: number
  /** TransformerLens name of the activation the SAE reads and writes. */
  readonly hookPoint: string
  /** The model it was made for, by Hugging Face or TransformerLens name; null when its files do not say. */
  readonly modelName: string | null
  /** Whether b_dec is subtracted from the input before encoding. */
  readonly applyBDecToInput: boolean
  readonly normalization: RuntimeNormalization
  /** Whether the mean over d_in is subtracted from the input first: the SAE was trained on a residual stream with centred writing weights. */
  readonly centreInput: boolean
  /** Whether the activation has a head axis that is flattened for the SAE. */
  readonly reshapeHookZ: boolean
  /** Factor already applied to W_enc (times), W_dec and b_dec (divided by); 1 for most SAEs. */
  readonly foldedFactor: number
}
