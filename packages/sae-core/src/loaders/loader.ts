import type { SaeReference } from '../registry/find-sae.js'
import type { SaeConfig } from '../sae-config.js'
import type { SaeArray } from './sae-array.js'
import type { SaePlace } from './sae-place.js'

/** What a loader makes of an SAE's files: its configuration, and where its tensors come from. */
export interface LoadedSae {
  readonly config: SaeConfig
  readonly arrays: SaeArrays
  /** Cross-layer transcoders and crosscoders: what their latents write into the layers after the first, in order. */
  readonly later?: readonly LaterLayer[]
}

/** What latents write into a layer after the first. */
export interface LaterLayer {
  /** [d_sae, d_out] */
  readonly wDec: SaeArray
  readonly hookPointOut: string
  /** Where it is not that of the first layer. */
  readonly inputScale?: number
}

/** The tensors of an SAE in SAELens' orientation, not read yet. What the architecture does not have is left out. */
export interface SaeArrays {
  /** [d_in, d_sae] */
  readonly wEnc: SaeArray
  /** [d_sae, d_out] */
  readonly wDec: SaeArray
  /** [d_out] */
  readonly bDec: SaeArray
  /** [d_sae] */
  readonly bEnc?: SaeArray
  /** [d_sae]; jumprelu */
  readonly threshold?: SaeArray
  /** [d_sae] each; gated */
  readonly gate?: { readonly bGate: SaeArray; readonly bMag: SaeArray; readonly rMag: SaeArray }
  /** [d_out, d_in]; skip transcoders */
  readonly wSkip?: SaeArray
  /** temporal: for each layer the projections [out, in] with their biases [out] */
  readonly attention?: readonly AttentionArrays[]
}

export type AttentionPart = 'query' | 'key' | 'value' | 'output'
export type AttentionArrays = Readonly<Record<AttentionPart, { readonly weight: SaeArray; readonly bias: SaeArray }>>

/** Reads one format. `place` gives the files of the SAE's repository or folder. */
export type Loader = (reference: SaeReference, place: SaePlace) => Promise<LoadedSae>
