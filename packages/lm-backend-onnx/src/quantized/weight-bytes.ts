import { isProduct, pieces } from '../graph/check-pieces.js'
import type { GraphOptions } from '../graph/graph-form.js'
import { specTensors } from '../spec/spec-tensors.js'
import { type Bits, blockSize, blocks } from '../weights/quantize-rows.js'
import { type NeededMatrix, neededMatrices } from './needed-matrices.js'

/**
 * Memory that the weights take as the model holds them: on a device in the types of its inputs, on the CPU in float32 where they are packed, else as
 * they stand in the files. With `bits` the matrices of products are codes and scales. Throws InputError for models that cannot be held so.
 */
export function weightBytes(options: GraphOptions, bits: Bits | null, modelName: string): number {
  const { spec, weights } = options
  if (bits === null && weights.residence === 'packed') return 4 * weights.numParameters
  const products = bits === null ? [] : neededMatrices(spec, weights, bits, modelName)
  return codesAndScales(products, bits ?? 8) + otherBytes(options, bits !== null)
}

/** A code of so many bits for each number, and a float32 scale for each block. */
function codesAndScales(matrices: readonly NeededMatrix[], bits: Bits): number {
  const bytesOf = ({ inFeatures, outFeatures }: NeededMatrix) =>
    outFeatures * blocks(inFeatures) * ((blockSize * bits) / 8 + 4)
  return matrices.reduce((sum, matrix) => sum + bytesOf(matrix), 0)
}

/** All weights, or all but the matrices of products. */
function otherBytes(options: GraphOptions, withoutProducts: boolean): number {
  const { spec, weights, form } = options
  if (form.weights === 'inputs')
    return [...pieces(options, withoutProducts).values()].reduce((sum, { bytes }) => sum + bytes, 0)
  const stored = new Map<string, number>()
  for (const [name, shape] of specTensors(spec, weights.has)) {
    const tensor = weights.tensor(name)
    if (withoutProducts && isProduct(spec, name, shape)) continue
    stored.set(tensor.name, tensor.byteLength)
  }
  return [...stored.values()].reduce((sum, bytes) => sum + bytes, 0)
}
