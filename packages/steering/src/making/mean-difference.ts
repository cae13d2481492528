import { InputError, option, sentence } from '@saeval/hub'
import type { SteerableModel } from '@saeval/language-model'
import type { TextPair } from './read-pairs.js'

/** Where in a text an activation is taken: a token from 0, negative from the end; or the mean over all tokens but BOS. */
export type ReadPosition = number | 'mean'

/** A vector of one layer and how it lies among what it was made of. */
export interface MadeVector {
  readonly layer: number
  readonly vector: Float32Array
  /** |v| */
  readonly norm: number
  /** Mean length of the activations that were read. */
  readonly activationNorm: number
  /** Mean cosine of the pairs' own differences and v. */
  readonly cosine: number
  /** Share of the pairs whose positive text lies further along v than its negative one. */
  readonly agreeing: number
}

/** What to make vectors of. */
export interface MeanDifferenceOptions {
  readonly pairs: readonly TextPair[]
  /** Layers whose outputs are read, from 0. */
  readonly layers: readonly number[]
  readonly position: ReadPosition
  readonly signal?: AbortSignal
}

/** Bytes that the differences may take: all pairs' are compared with their mean, which is known at the end. */
const mostBytes = 2e9

/**
 * Contrastive activation addition (Rimsky et al. 2024, arXiv 2312.06681, equation 1): at each layer the mean over pairs of the positive text's
 * activation minus the negative one's, in float64. Throws InputError for layers that the model lacks, differences above 2 GB and texts without the position.
 */
export async function meanDifference(
  model: SteerableModel,
  { pairs, layers, position, signal }: MeanDifferenceOptions,
): Promise<readonly MadeVector[]> {
  const hookPoints = layers.map((layer) => `blocks.${layer}.hook_resid_post`)
  const missing = hookPoints.findIndex((hookPoint) => !model.hookPoints.includes(hookPoint))
  if (missing !== -1) throw new InputError(`the model has no layer ${layers[missing]}`)
  const width = hookPoints.reduce((sum, hookPoint) => sum + model.widthOf(hookPoint), 0)
  const bytes = pairs.length * width * Float32Array.BYTES_PER_ELEMENT
  if (bytes > mostBytes)
    throw new InputError(
      sentence`differences of ${pairs.length} pairs at ${layers.length} layers take ${(bytes / 1e9).toFixed(1)} GB, more than ${mostBytes / 1e9} GB; choose fewer layers by ${option('layers')}`,
    )
  const differences: Float32Array[][] = layers.map(() => [])
  const sums = hookPoints.map((hookPoint) => new Float64Array(model.widthOf(hookPoint)))
  const lengths = layers.map(() => 0)
  for (const [number, { positive, negative }] of pairs.entries()) {
    signal?.throwIfAborted()
    const [yes, no] = [
      await activations(model, positive, hookPoints, position, number),
      await activations(model, negative, hookPoints, position, number),
    ]
    layers.forEach((_, at) => {
      const difference = yes[at]!.map((value, i) => value - no[at]![i]!)
      for (let i = 0; i < difference.length; i++) sums[at]![i]! += difference[i]!
      differences[at]!.push(Float32Array.from(difference))
      lengths[at]! += (lengthOf(yes[at]!) + lengthOf(no[at]!)) / 2
    })
  }
  return layers.map((layer, at) => madeOf(layer, sums[at]!, differences[at]!, lengths[at]! / pairs.length))
}

function madeOf(
  layer: number,
  sum: Float64Array,
  differences: readonly Float32Array[],
  activationNorm: number,
): MadeVector {
  const mean = sum.map((value) => value / differences.length)
  const cosines = differences.map((difference) => cosineOf(difference, mean))
  return {
    layer,
    vector: Float32Array.from(mean),
    norm: lengthOf(mean),
    activationNorm,
    cosine: cosines.reduce((total, value) => total + value, 0) / cosines.length,
    agreeing: cosines.filter((value) => value > 0).length / cosines.length,
  }
}

async function activations(
  model: SteerableModel,
  text: string,
  hookPoints: readonly string[],
  position: ReadPosition,
  pair: number,
): Promise<Float64Array[]> {
  const ids = model.tokenizer.encode(text)
  if (ids.length > model.info.maxLength)
    throw new InputError(`pair ${pair}: a text has ${ids.length} tokens, and the model reads ${model.info.maxLength}`)
  const bos = ids[0] === model.tokenizer.bos?.id ? 1 : 0
  const at = position === 'mean' ? null : position < 0 ? ids.length + position : position
  if (at !== null ? at < 0 || at >= ids.length : ids.length <= bos)
    throw new InputError(`pair ${pair}: a text of ${ids.length} tokens has no position ${position}`)
  const read = await model.captureActivations(ids, hookPoints)
  return hookPoints.map((hookPoint) => {
    const { data, dims } = read.get(hookPoint)!
    const [count, width] = dims
    const row = (token: number) => Float64Array.from(data.subarray(token * width, (token + 1) * width))
    if (at !== null) return row(at)
    const sum = new Float64Array(width)
    for (let at = bos * width; at < count * width; at++) sum[at % width]! += data[at]!
    return sum.map((value) => value / (count - bos))
  })
}

/** |v| */
export function lengthOf(vector: Float64Array | Float32Array): number {
  let sum = 0
  for (const value of vector) sum += value * value
  return Math.sqrt(sum)
}

/** The cosine of two vectors; 0 where one of them is zero. */
export function cosineOf(a: Float64Array | Float32Array, b: Float64Array | Float32Array): number {
  let dot = 0
  for (let i = 0; i < a.length; i++) dot += a[i]! * b[i]!
  const lengths = lengthOf(a) * lengthOf(b)
  return lengths === 0 ? 0 : dot / lengths
}
