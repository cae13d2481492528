import type { LinearTensors } from '../loaders/open-sae.js'
import { keepLargest } from './largest.js'
import { type Sae, saeInput } from './sae-input.js'

/** Codes [n, d_sae] of a temporal SAE: those predicted from earlier positions, and what is new at each. */
export interface TemporalCodes {
  readonly novel: Float32Array
  readonly predicted: Float32Array
}

type Rows = Float64Array[]

/**
 * SAELens' temporal SAE, for sequences of `sequenceLength` positions. With r the SAE's input and lambda = 1 / (4 d_in), each attention
 * layer predicts codes from the positions before, c = ReLU(attention(query: codes of r, key and value: the same one position earlier)),
 * and takes the projection of r on c W_dec out of r; what is left is encoded as the novel codes, the k largest of them.
 */
export function temporalCodes(sae: Sae, x: Float32Array, sequenceLength: number): TemporalCodes {
  const { dIn, dSae, temporal } = sae.config
  const novel = new Float32Array((x.length / dIn) * dSae)
  const predicted = new Float32Array(novel.length)
  for (let start = 0; start < x.length / dIn; start += sequenceLength) {
    const residual = Array.from({ length: sequenceLength }, (_, position) =>
      saeInput(sae, x.subarray((start + position) * dIn, (start + position + 1) * dIn)),
    )
    const sums = residual.map(() => new Float64Array(dSae))
    for (const layer of sae.tensors.attention) {
      const codes = residual.map((r) => codesOf(sae, r))
      const context = [new Float64Array(dSae), ...codes.slice(0, -1)]
      const mixed = attend(
        codes.map((row) => linear(layer.query, row)),
        context.map((row) => linear(layer.key, row)),
        context.map((row) => linear(layer.value, row)),
        temporal!.nHeads,
      )
      for (const [position, row] of mixed.entries()) {
        const prediction = linear(layer.output, row).map((value) => Math.max(value, 0))
        const written = timesDecoder(sae, prediction)
        const scale = dot(written, residual[position]!) / (Math.sqrt(dot(written, written)) + 1e-6) ** 2
        for (let i = 0; i < dIn; i++) residual[position]![i]! -= scale * written[i]!
        for (let j = 0; j < dSae; j++) sums[position]![j]! += scale * prediction[j]!
      }
    }
    for (let position = 0; position < sequenceLength; position++) {
      const at = (start + position) * dSae
      novel.set(codesOf(sae, residual[position]!), at)
      predicted.set(sums[position]!, at)
    }
  }
  const k = temporal!.kvalTopk
  return { novel: k === null ? novel : keepLargest(novel, dSae, k), predicted }
}

/** ReLU(lambda r W_enc) */
function codesOf({ config: { dIn, dSae, temporal }, tensors: { wEnc, wDec } }: Sae, r: Float64Array): Float64Array {
  const codes = new Float64Array(dSae)
  const tied = temporal!.tiedWeights
  for (let i = 0; i < dIn; i++) {
    const value = r[i]! / (4 * dIn)
    for (let j = 0; j < dSae; j++) codes[j]! += value * (tied ? wDec[j * dIn + i]! : wEnc[i * dSae + j]!)
  }
  return codes.map((value) => Math.max(value, 0))
}

function timesDecoder({ config: { dOut }, tensors: { wDec } }: Sae, codes: Float64Array): Float64Array {
  const sums = new Float64Array(dOut)
  codes.forEach((value, latent) => {
    if (value !== 0) for (let i = 0; i < dOut; i++) sums[i]! += value * wDec[latent * dOut + i]!
  })
  return sums
}

function linear({ weight, bias }: LinearTensors, row: Float64Array): Float64Array {
  return Float64Array.from(bias, (start, out) => {
    let sum = start
    for (let i = 0; i < row.length; i++) sum += row[i]! * weight[out * row.length + i]!
    return sum
  })
}

/** Causal softmax attention, heads side by side. */
function attend(queries: Rows, keys: Rows, values: Rows, heads: number): Rows {
  const keySize = queries[0]!.length / heads
  const valueSize = values[0]!.length / heads
  return queries.map((query, position) => {
    const result = new Float64Array(values[0]!.length)
    for (let head = 0; head < heads; head++) {
      const part = (row: Float64Array) => row.subarray(head * keySize, (head + 1) * keySize)
      const scores = keys.slice(0, position + 1).map((key) => dot(part(query), part(key)) / Math.sqrt(keySize))
      const largest = Math.max(...scores)
      const weights = scores.map((score) => Math.exp(score - largest))
      const total = weights.reduce((sum, weight) => sum + weight, 0)
      for (const [at, weight] of weights.entries()) {
        for (let i = head * valueSize; i < (head + 1) * valueSize; i++) result[i]! += (weight / total) * values[at]![i]!
      }
    }
    return result
  })
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0)
}
