import type { SaeArrays } from './loader.js'
import { scaled } from './sae-array.js'

/**
 * Folds the factor that an SAE's training multiplied activations by (SAELens' expected_average_only_in) into its weights, as SAELens does:
 * W_enc times, W_dec and b_dec divided by it; b_enc and thresholds are in the latents' own units.
 */
export function foldFactor(arrays: SaeArrays, factor: number): SaeArrays {
  return {
    ...arrays,
    wEnc: scaled(arrays.wEnc, factor),
    wDec: scaled(arrays.wDec, 1 / factor),
    bDec: scaled(arrays.bDec, 1 / factor),
  }
}
