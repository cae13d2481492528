import type { SaeFile } from '@saeval/sae-core'

/** The decoder rows that a vector is the weighted sum of. */
export interface DecoderRows {
  readonly release: string
  readonly id: string
  /** Where the SAE's latents write. */
  readonly hookPoint: string
  readonly rows: readonly {
    readonly latent: number
    readonly weight: number
    readonly description?: string | null
  }[]
  /** Whether a clamp measures from the SAE's decoder bias. */
  readonly fromDecoderBias: boolean
}

/** Weighted decoder rows of an SAE. */
export function decoderRowsOf(
  { reference: { release, id }, config }: SaeFile,
  rows: DecoderRows['rows'],
  fromDecoderBias = false,
): DecoderRows {
  return { release, id, hookPoint: config.hookPointOut, rows, fromDecoderBias }
}
