import type { LatentOptions } from '@saeval/experiments'
import { findNeuronpedia, findSae } from '@saeval/sae-core'
import type { Terminal } from '../terminal/terminal.js'
import type { RunOptions } from './run-options.js'

/** Flags of commands that look into the latents of one SAE. */
export interface LatentFlags {
  readonly run: RunOptions
  readonly sae_release: string
  readonly sae_id: string | null
  readonly latents: readonly number[] | null
  /** Latents to print. */
  readonly top: number
  readonly json: boolean
}

/** What is opened, for a library; how far it is shows on the terminal. Throws InputError where no such SAE is known. */
export function latentOptions(
  { run, latents, sae_release: release, sae_id: id }: LatentFlags,
  terminal: Terminal,
  signal: AbortSignal,
): LatentOptions {
  return {
    run,
    latents,
    sae: id === null ? findNeuronpedia(release).sae : findSae(release, id),
    signal,
    hub: { onProgress: terminal.download, onNotice: terminal.warn },
    onNotice: terminal.notice,
    onLatent: (done, total) =>
      terminal.status({ what: `latent ${done + 1} of ${total}`, share: done / total, rate: null, left: null }),
  }
}
