/** What a row of the page does to a latent; as `hook_action` of the steering CSV. */
export const actions = ['add', 'clamp_active', 'clamp', 'scale', 'ablate'] as const
export type Action = (typeof actions)[number]

/** An edit: one row of the page, and of the CSV. */
export interface Edit {
  /** Index of the SAE in Playground.saes. */
  readonly sae: number
  readonly latent: number
  readonly action: Action
  readonly coefficient: number
}

/** The size of a coefficient at most, on the page and in its links. */
export const largestCoefficient = 1e9
