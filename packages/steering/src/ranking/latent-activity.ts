/** How often and how strongly each latent of an SAE was active. */
export interface LatentActivity {
  /** Tokens that were counted. */
  readonly tokens: number
  /** Per latent [d_sae], the share of the tokens at which it was active: its sparsity (SAEBench's word), from 0 to 1. */
  readonly sparsity: Float64Array
  /** Per latent [d_sae], its largest activation; 0 where it was never active. */
  readonly largest: Float64Array
}

/** Adds up activations of texts as they come; memory does not grow with the texts. */
export class ActivityCounter {
  #tokens = 0
  readonly #active: Float64Array
  readonly #largest: Float64Array

  constructor(dSae: number) {
    this.#active = new Float64Array(dSae)
    this.#largest = new Float64Array(dSae)
  }

  /** One token's activations [d_sae]. */
  add(activations: Float32Array): void {
    this.#tokens++
    for (let latent = 0; latent < activations.length; latent++) {
      const value = activations[latent]!
      if (value > 0) this.#active[latent]!++
      if (value > this.#largest[latent]!) this.#largest[latent] = value
    }
  }

  /** What has been added so far. */
  get activity(): LatentActivity {
    const tokens = this.#tokens
    return {
      tokens,
      sparsity: this.#active.map((count) => (tokens === 0 ? 0 : count / tokens)),
      largest: this.#largest.slice(),
    }
  }
}
