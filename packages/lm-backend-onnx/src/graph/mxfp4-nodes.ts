import type { GraphBuilder, Value } from '../onnx/graph-builder.js'

/** The numbers of 4-bit codes: sign, two bits of exponent, one of mantissa (E2M1 of the OCP Microscaling Formats specification 1.0). */
const codes = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0, -0.5, -1, -1.5, -2, -3, -4, -6] as const

export interface Mxfp4Matrix {
  /** uint8 [..., rows, columns / 32, 16]: two codes a byte, the lower half first. */
  readonly blocks: Value
  /** uint8 [..., rows, columns / 32]: the power of two of each block, plus 127. */
  readonly scales: Value
  /** [..., rows, columns]; -1 for a size that is not known before. */
  readonly shape: readonly number[]
}

/** The matrix, or several, in float32; every number is exact. */
export function mxfp4Nodes(graph: GraphBuilder, { blocks, scales, shape }: Mxfp4Matrix): Value {
  const pairs = Array.from({ length: 256 }, (_, byte) => [codes[byte & 15]!, codes[byte >> 4]!])
  const powers = Array.from({ length: 256 }, (_, byte) => 2 ** (byte - 127))
  const index = (bytes: Value) => graph.node('Cast', [bytes], { to: 6 })
  // [..., rows, columns / 32, 16, 2] and [..., rows, columns / 32, 1, 1]
  const numbers = graph.node('Gather', [graph.floats(pairs.flat(), [256, 2]), index(blocks)], { axis: 0 })
  const factors = graph.node('Gather', [graph.floats(powers, [256]), index(scales)], { axis: 0 })
  const scaled = graph.node('Mul', [
    numbers,
    graph.node('Unsqueeze', [factors, graph.ints([shape.length, shape.length + 1])]),
  ])
  return graph.node('Reshape', [scaled, graph.ints(shape)])
}
