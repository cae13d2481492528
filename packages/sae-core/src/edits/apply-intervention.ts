import type { EditStage, Intervention } from '../intervention.js'
import { normalizeInput } from '../math/normalize.js'

/**
 * Applies an intervention to activations x [n, d]: the plain form of what the ONNX graph computes, in float64. Returns a new array.
 */
export function applyIntervention(x: Float32Array, { stages }: Intervention, d: number): Float32Array {
  const result = new Float32Array(x.length)
  for (let start = 0; start < x.length; start += d) {
    const edited = stages.reduce(applyStage, Float64Array.from(x.subarray(start, start + d)))
    result.set(edited, start)
  }
  return result
}

function applyStage(x: Float64Array, { normalization, addend, slots, phases }: EditStage): Float64Array {
  const result = x.slice()
  if (addend) for (let i = 0; i < x.length; i++) result[i]! += addend[i]!
  if (slots.length === 0) return result

  const { values, scale } = normalizeInput(normalization, x)
  const clean = slots.map(({ encoder, bias, threshold }) => {
    const p = values.reduce((sum, value, i) => sum + value * encoder[i]!, bias)
    return p > threshold ? p : 0
  })
  const edited = [...clean]
  for (const { slot, gateSlot, gateThreshold, alpha, beta } of phases.flat()) {
    if (gateSlot !== null && !(clean[gateSlot]! > gateThreshold)) continue
    edited[slot] = (1 + alpha) * edited[slot]! + beta
  }
  slots.forEach(({ decoder }, slot) => {
    const change = scale * (edited[slot]! - clean[slot]!)
    for (let i = 0; i < x.length; i++) result[i]! += change * decoder[i]!
  })
  return result
}
