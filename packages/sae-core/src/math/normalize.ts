import type { RuntimeNormalization } from '../intervention.js'

/** An activation in the SAE's units, and how its output goes back: output * scale + shift. */
export interface Normalized {
  readonly values: Float64Array
  readonly scale: number
  readonly shift: number
}

/**
 * SAELens' run-time normalisations of one activation x [d]. layer_norm: (x - mean) / (std + 1e-5) with the unbiased std, back by
 * std and mean; constant_norm_rescale: x sqrt(d) / |x|, back by the inverse.
 */
export function normalizeInput(kind: RuntimeNormalization, x: Float64Array): Normalized {
  switch (kind) {
    case 'none':
      return { values: x.slice(), scale: 1, shift: 0 }
    case 'layer_norm': {
      const mean = x.reduce((sum, value) => sum + value, 0) / x.length
      const std = Math.sqrt(x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (x.length - 1))
      return { values: x.map((value) => (value - mean) / (std + 1e-5)), scale: std, shift: mean }
    }
    case 'constant_norm_rescale': {
      const back = Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length)
      return { values: x.map((value) => value / back), scale: back, shift: 0 }
    }
  }
}
