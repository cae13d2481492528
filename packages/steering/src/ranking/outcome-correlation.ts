/** How latents go with outcomes, [d_sae] each. */
export interface OutcomeCorrelation {
  /** Texts. */
  readonly n: number
  /**
   * Pearson's r of outcome and max-pooled activation; 0 where either never changes. An activation whose standard deviation is up to 1e-4 of its mean
   * does not: it is the same token after the same tokens, rounded.
   */
  readonly correlation: Float64Array
  /** Mean activation over texts whose outcome is above 0: CorrSteer's steering coefficient; 0 without such texts. */
  readonly coefficient: Float64Array
}

const rounding = 1e-4

/**
 * Correlates outcomes with activations as texts come; memory does not grow with the texts (Welford's updates, float64). Source: Cho et al. 2025
 * (CorrSteer): activations are the largest over the generated tokens, coefficients their mean over correct samples.
 */
export class CorrelationCounter {
  #n = 0
  #outcomeMean = 0
  #outcomeSquares = 0
  #good = 0
  readonly #mean: Float64Array
  readonly #squares: Float64Array
  readonly #products: Float64Array
  readonly #goodSum: Float64Array

  constructor(dSae: number) {
    this.#mean = new Float64Array(dSae)
    this.#squares = new Float64Array(dSae)
    this.#products = new Float64Array(dSae)
    this.#goodSum = new Float64Array(dSae)
  }

  /** One text: its max-pooled activations [d_sae] and its outcome, 1 or 0 or a score. */
  add(pooled: Float32Array, outcome: number): void {
    this.#n++
    const before = outcome - this.#outcomeMean
    this.#outcomeMean += before / this.#n
    this.#outcomeSquares += before * (outcome - this.#outcomeMean)
    if (outcome > 0) this.#good++
    for (let latent = 0; latent < pooled.length; latent++) {
      const value = pooled[latent]!
      const distance = value - this.#mean[latent]!
      this.#mean[latent]! += distance / this.#n
      this.#squares[latent]! += distance * (value - this.#mean[latent]!)
      this.#products[latent]! += distance * (outcome - this.#outcomeMean)
      if (outcome > 0) this.#goodSum[latent]! += value
    }
  }

  /** Of what has been added so far. */
  get result(): OutcomeCorrelation {
    return {
      n: this.#n,
      correlation: this.#products.map((product, latent) => {
        const squares = this.#squares[latent]!
        if (this.#outcomeSquares === 0 || squares <= this.#n * (rounding * this.#mean[latent]!) ** 2) return 0
        return product / Math.sqrt(squares * this.#outcomeSquares)
      }),
      coefficient: this.#goodSum.map((sum) => (this.#good === 0 ? 0 : sum / this.#good)),
    }
  }
}

/** The largest activation of each latent [d_sae] over tokens [tokens, d_sae]. */
export function maxPooled(activations: Float32Array, dSae: number): Float32Array {
  const pooled = new Float32Array(dSae)
  for (let at = 0; at < activations.length; at++)
    if (activations[at]! > pooled[at % dSae]!) pooled[at % dSae] = activations[at]!
  return pooled
}
