import { InputError } from '@saeval/hub'
import type { ModelSpec } from '../spec/model-spec.js'
import { specTensors } from '../spec/spec-tensors.js'
import { groupOf } from '../weights/beyond-float16.js'
import type { GraphOptions } from './graph-form.js'
import { inputType } from './weight-values.js'

const bytesOf = { float64: 8, int64: 8, float32: 4, int32: 4, float16: 2, bfloat16: 2, uint8: 1, bool: 1 } as const

/** A weight, or all of the experts of a layer that a graph stacks. */
interface Piece {
  /** On the device, as it is held. */
  readonly bytes: number
  /** At the smallest dtype: only matrices of products are held in less than 16 bits, and those that stay float32 do so at all of them. */
  readonly fewest: number
}

/** Throws InputError for a weight that is larger than the device takes in one piece; names a smaller dtype where one helps. */
export function checkPieces(options: GraphOptions, modelName: string, device: string): void {
  const { pieceBytes } = options.form
  if (pieceBytes === null) return
  for (const [name, { bytes, fewest }] of pieces(options)) {
    if (bytes <= pieceBytes) continue
    const cure = fewest <= pieceBytes ? 'choose a smaller dtype or another device' : 'choose another device'
    throw new InputError(
      `${modelName}: ${name} is more than the ${(pieceBytes / 1e9).toFixed(1)} GB that ${device} takes in one piece; ${cure}`,
    )
  }
}

/** Whether a tensor of a spec is the matrix of a product, which may be held in 8 or 4 bits; of a table rows are taken. */
export function isProduct({ embedding, layerInputs }: ModelSpec, name: string, shape: readonly number[]): boolean {
  return shape.length === 2 && ![embedding.weight, embedding.positions, layerInputs?.table].includes(name)
}

/**
 * Each weight on a device, by its name in the file; all experts of a layer, which a graph stacks, are one. Without those of products where they are
 * in pieces of their own.
 */
export function pieces(
  { spec, weights, form }: GraphOptions,
  withoutProducts = weights.quantized !== null,
): Map<string, Piece> {
  const sizes = new Map<string, Piece>()
  const seen = new Set<string>()
  for (const [name, shape] of specTensors(spec, weights.has)) {
    const multiplies = isProduct(spec, name, shape)
    const tensor = weights.tensor(name)
    if ((withoutProducts && multiplies) || seen.has(tensor.name)) continue
    seen.add(tensor.name)
    const group = groupOf(tensor.name)
    const numbers = shape.reduce((product, length) => product * length, 1)
    const width = bytesOf[inputType({ weights, form }, tensor)]
    const bits = weights.kept?.has(tensor.name) ? 8 * width : Math.min(8 * width, 16)
    // experts are never held in 8 or 4
    const fewest = (numbers * (multiplies && group === tensor.name ? 4 : bits)) / 8
    const { bytes, fewest: ofOthers } = sizes.get(group) ?? { bytes: 0, fewest: 0 }
    sizes.set(group, { bytes: bytes + width * numbers, fewest: ofOthers + fewest })
  }
  return sizes
}
