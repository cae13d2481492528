import { InputError } from '@saeval/hub'
import { specTensors } from '../spec/spec-tensors.js'
import { groupOf } from '../weights/beyond-float16.js'
import type { GraphOptions } from './graph-form.js'
import { inputType } from './weight-values.js'

const bytesOf = { float64: 8, int64: 8, float32: 4, int32: 4, float16: 2, bfloat16: 2, uint8: 1, bool: 1 } as const

/** Throws InputError for a weight that is larger than the device takes in one piece. */
export function checkPieces(options: GraphOptions, modelName: string, device: string): void {
  const { pieceBytes } = options.form
  if (pieceBytes === null) return
  for (const [name, bytes] of pieces(options)) {
    if (bytes > pieceBytes)
      throw new InputError(
        `${modelName}: ${name} is more than the ${(pieceBytes / 1e9).toFixed(1)} GB that ${device} takes in one piece; choose a smaller dtype or another device`,
      )
  }
}

/** Bytes of each weight on a device, by its name in the file; all experts of a layer, which a graph stacks, are one. */
export function pieces({ spec, weights, form }: GraphOptions): Map<string, number> {
  const sizes = new Map<string, number>()
  const seen = new Set<string>()
  for (const [name, shape] of specTensors(spec, weights.has)) {
    // those of products are in pieces of their own
    const isTable = name === spec.embedding.weight || name === spec.layerInputs?.table
    const isQuantized = weights.quantized !== null && shape.length === 2 && !isTable
    const tensor = weights.tensor(name)
    if (isQuantized || seen.has(tensor.name)) continue
    seen.add(tensor.name)
    const bytes = bytesOf[inputType({ weights, form }, tensor)] * shape.reduce((product, length) => product * length, 1)
    sizes.set(groupOf(tensor.name), (sizes.get(groupOf(tensor.name)) ?? 0) + bytes)
  }
  return sizes
}
