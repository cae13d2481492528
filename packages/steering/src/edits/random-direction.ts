import { seededUniform } from '@saeval/hub/internal/seeded-uniform'
import type { SaeFile } from '@saeval/sae-core'

/**
 * The SAE with another decoder row for each latent: of the same length, in a direction drawn evenly from all by seed, latent and layer. Latents are read
 * as before, so an edit acts at the same tokens and as strongly, only elsewhere. A cross-layer transcoder has others in its later layers too. For
 * semantics `direct`; its files stay those of the SAE given.
 */
export function withRandomDirections(sae: SaeFile, seed: number): SaeFile {
  const laterLayers = sae.laterLayers.map((later, index) => ({
    ...later,
    decoderRow: randomRows(later, seed, index + 1),
  }))
  return { ...sae, decoderRow: randomRows(sae, seed, 0), laterLayers }
}

function randomRows(sae: SaeFile, seed: number, layer: number): SaeFile['decoderRow'] {
  return async (latent) => {
    const row = await sae.decoderRow(latent)
    const random = seededUniform(seed * 1_000_003 + latent + layer * 0x9e3779b9)
    // Box and Muller: normal numbers have no preferred direction
    const drawn = Float64Array.from(row, () => {
      const radius = Math.sqrt(-2 * Math.log(1 - random()))
      return radius * Math.cos(2 * Math.PI * random())
    })
    const scale = lengthOf(row) / lengthOf(drawn)
    return Float32Array.from(drawn, (value) => value * scale)
  }
}

/** Euclidean length. */
export function lengthOf(vector: ArrayLike<number>): number {
  return Math.sqrt(Array.from(vector).reduce((sum, value) => sum + value * value, 0))
}
