import { InputError, option, sentence } from '@saeval/hub'
import type { SteerableModel } from '@saeval/language-model'
import type { ReadText, TextPair } from './read-pairs.js'
import { type ReadPosition, readTokens } from './read-position.js'

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
  if ((position === 'answer' || position === 'letter') && pairs.some(({ positive }) => positive.context === ''))
    throw new InputError(
      sentence`${option('position')} ${position} needs answers behind their questions; a context of the pairs is empty, as that of plain texts is`,
    )
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
  const [readPositive, readNegative] = [0, 1].map(() => textReader(model, hookPoints, position)) as [Reader, Reader]
  for (const [number, { positive, negative }] of pairs.entries()) {
    signal?.throwIfAborted()
    const yes = await readPositive(positive, `pair ${number}`)
    const no = await readNegative(negative, `pair ${number}`)
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

type Reader = ReturnType<typeof textReader>

/** The activation of a text at each hook point; a text that comes again, as a right answer beside several wrong ones, is read once. */
function textReader(
  model: SteerableModel,
  hookPoints: readonly string[],
  position: ReadPosition,
): (text: ReadText, name: string) => Promise<readonly Float64Array[]> {
  let last: { readonly text: ReadText; readonly read: readonly Float64Array[] } | null = null
  return async (text, name) => {
    if (last !== null && last.text.context === text.context && last.text.answer === text.answer) return last.read
    const { ids, from, to } = readTokens(model, text, position, name)
    const captured = await model.captureActivations(ids, hookPoints)
    const read = hookPoints.map((hookPoint) => {
      const { data, dims } = captured.get(hookPoint)!
      const width = dims[1]
      const sum = new Float64Array(width)
      for (let at = from * width; at < to * width; at++) sum[at % width]! += data[at]!
      return sum.map((value) => value / (to - from))
    })
    last = { text, read }
    return read
  }
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
