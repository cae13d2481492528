/** Sparsities of all latents on the texts that are to be forgotten and on those to be kept, [d_sae] each. */
export interface Sparsities {
  readonly forget: Float64Array
  readonly retain: Float64Array
}

/**
 * Latents that are rare on the texts to be kept (sparsity below `threshold`), most active on those to be forgotten first; latents never active
 * there are left out. Source: SAEBench's unlearning evaluation, get_top_features, whose thresholds are 0.001 and 0.01; after Farrell et al. 2024.
 */
export function rankByThreshold({ forget, retain }: Sparsities, threshold: number): number[] {
  const kept = latentsWhere(forget, (latent) => retain[latent]! < threshold && forget[latent]! > 0)
  return descending(kept, forget)
}

/** Percentiles, from 0 to 100. */
export interface Percentiles {
  /** At least as active on the forgotten texts as this share of latents. */
  readonly forget: number
  /** At most as active on the kept texts. */
  readonly retain: number
  /** Ratio of the squared sparsities at least as large. */
  readonly ratio: number
}

/**
 * Latents by percentiles in place of a threshold: of squared sparsities F and R, those with F, F / (R + 1e-21) at or above and R at or below their
 * percentiles; largest F first, those never active on the forgotten texts left out. Source: Muhamed et al. 2025 (Dynamic SAE Guardrails), built on
 * SAEBench's unlearning.
 */
export function rankByPercentile({ forget, retain }: Sparsities, percentiles: Percentiles): number[] {
  const squared = [forget, retain].map((values) => values.map((value) => value * value)) as [Float64Array, Float64Array]
  const ratio = squared[0].map((value, latent) => value / (squared[1][latent]! + 1e-21))
  const least = percentile(squared[0], percentiles.forget)
  const most = percentile(squared[1], percentiles.retain)
  const leastRatio = percentile(ratio, percentiles.ratio)
  const kept = latentsWhere(
    forget,
    (latent) =>
      forget[latent]! > 0 &&
      squared[0][latent]! >= least &&
      squared[1][latent]! <= most &&
      ratio[latent]! >= leastRatio,
  )
  return descending(kept, forget)
}

/** The q-th percentile of values, linear between neighbours (numpy's default). */
export function percentile(values: Float64Array, q: number): number {
  const sorted = values.slice().sort()
  const place = (q / 100) * (sorted.length - 1)
  const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!]
  return below + (above - below) * (place - Math.floor(place))
}

function latentsWhere(values: Float64Array, holds: (latent: number) => boolean): number[] {
  return [...values.keys()].filter(holds)
}

/** Largest score first, of equal ones the lower latent. */
function descending(latents: readonly number[], score: Float64Array): number[] {
  return [...latents].sort((a, b) => score[b]! - score[a]! || a - b)
}
