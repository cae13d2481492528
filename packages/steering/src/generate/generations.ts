import type { Said } from '@saeval/hub'

/** Continuations of prompts, written by one model under several settings. */
export interface Generations {
  readonly model: string
  /** One line for each edit, with each coefficient that it was made with. */
  readonly edits: readonly string[]
  /** Latents whose activations are recorded. */
  readonly latents: readonly GenerationLatent[]
  /** A sentence for each edited latent whose activations are not recorded, saying why. */
  readonly unread: readonly Said[]
  readonly prompts: readonly GenerationPrompt[]
  /** Seed, lengths, flags: shown as they are. */
  readonly options: Readonly<Record<string, unknown>>
}

export interface GenerationLatent {
  readonly latent: number
  readonly sae_release: string
  readonly sae_id: string
  readonly description: string
}

export interface GenerationPrompt {
  readonly prompt: string
  /** The unsteered continuation first. */
  readonly settings: readonly Generation[]
}

export interface Generation {
  readonly label: string
  /** What all rows' coefficients were set to; null for the file's own and for the unsteered model. */
  readonly coefficient: number | null
  readonly steered: boolean
  /** The continuation, cut at a stop string. */
  readonly text: string
  /** All tokens that were generated, the one that ended it included. */
  readonly tokens: readonly GenerationToken[]
}

export interface GenerationToken {
  readonly id: number
  /** What the token adds to the text; empty in the middle of a character. */
  readonly text: string
  /** ln P(token) under the model that generated it. */
  readonly logprob: number
  /** The same under the unsteered model that reads the same text. */
  readonly unsteered_logprob: number
  /** Of each of the latents on this token, edits applied. */
  readonly activations: readonly number[]
  /** The same in the unsteered model that reads the same text. */
  readonly unsteered_activations: readonly number[]
}
