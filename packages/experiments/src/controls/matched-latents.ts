import { seededUniform } from '@saeval/hub/internal/seeded-uniform'

/** What latents are matched in. */
export interface LatentFacts {
  /** Share of tokens at which each latent is active, [d_sae]. */
  readonly density: Float64Array
  /** Length of each decoder row, [d_sae]. */
  readonly norm: Float64Array
}

/** Nearest latents from which the matched ones are drawn, for each that is wanted. */
const pool = 5

/**
 * `count` latents drawn by a seed from the 5 * count that are nearest to a latent in density and decoder norm: |log ratio| of the densities plus that of
 * the norms. Latents that are never active do not match one that is. Fewer where the SAE has fewer.
 */
export function matchedLatents(latent: number, { density, norm }: LatentFacts, count: number, seed: number): number[] {
  const distance = (other: number) =>
    Math.abs(Math.log(density[other]! / density[latent]!)) + Math.abs(Math.log(norm[other]! / norm[latent]!))
  const near = [...density.keys()]
    .filter((other) => other !== latent && density[other]! > 0 && norm[other]! > 0)
    .map((other) => ({ other, distance: density[latent]! > 0 ? distance(other) : 0 }))
    .sort((a, b) => a.distance - b.distance || a.other - b.other)
    .slice(0, pool * count)
    .map(({ other }) => other)
  const random = seededUniform(seed)
  for (let at = near.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1))
    ;[near[at], near[other]] = [near[other]!, near[at]!]
  }
  return near.slice(0, count)
}
