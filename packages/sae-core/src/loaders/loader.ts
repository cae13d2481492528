import type { HubOptions } from '@saeval/hub'
import type { SaeReference } from '../registry/find-sae.js'
import type { SaeConfig } from '../sae-config.js'
import type { SaePlace } from './sae-place.js'
import type { TensorFile } from './tensor-file.js'

/** What a loader makes of an SAE's files: its configuration, and how the stored tensors become the SAE's. */
export interface LoadedSae {
  readonly config: SaeConfig
  readonly weights: WeightsFile
  /** Stored names of the tensors; threshold only for jumprelu. */
  readonly names: {
    readonly wEnc: string
    readonly wDec: string
    readonly bEnc: string
    readonly bDec: string
    readonly threshold: string | null
  }
  /** What stored W_enc, W_dec and b_dec are multiplied by. */
  readonly factors: { readonly wEnc: number; readonly wDec: number; readonly bDec: number }
}

/** A weights file, opened for parts at first and fetched whole only when scattered numbers are needed. */
export interface WeightsFile {
  readonly path: string
  /** Header and parts; over HTTP by range requests. */
  parts(): Promise<TensorFile>
  /** The same file on disk, downloaded if it is not. */
  whole(): Promise<TensorFile>
}

/** Reads one format. `place` gives the files of the SAE's repository or folder. */
export type Loader = (reference: SaeReference, place: SaePlace, hub: HubOptions) => Promise<LoadedSae>
