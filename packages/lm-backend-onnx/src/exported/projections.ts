import type { Node } from '../onnx/encode-model.js'
import { numberAttribute, numbersAttribute } from '../onnx/read-attribute.js'
import type { ValueGraph } from './value-graph.js'

/** Products of an activation (their first input) with a constant matrix (their second). */
const products = new Set([
  'MatMul',
  'Gemm',
  'com.microsoft.FusedMatMul',
  'com.microsoft.MatMulNBits',
  'com.microsoft.MatMulBnb4',
])

/** Whether a node multiplies an activation with a constant matrix. */
export function isProjection(graph: ValueGraph, { op, inputs }: Node): boolean {
  return products.has(op) && !graph.isConstant(inputs[0]!) && graph.isConstant(inputs[1]!)
}

/** Numbers of a token that a projection reads; null where the file does not say. */
export function projectionWidth(graph: ValueGraph, node: Node): number | null {
  const k = numberAttribute(node, 'K')
  if (k !== null) return k
  const shape = constantShape(graph, node.inputs[1]!)
  if (shape === null || shape.length < 2) return null
  const isTransposed = (numberAttribute(node, 'transB') ?? 0) === 1
  return shape.at(isTransposed ? -1 : -2)!
}

/** Shape of a constant, as far as it follows. */
export function constantShape(graph: ValueGraph, value: string): readonly number[] | null {
  const tensor = graph.tensors.get(value)
  if (tensor !== undefined) return tensor.shape
  const producer = graph.producer(value)
  if (producer === undefined) return null
  const node = graph.nodes[producer]!
  if (!['Transpose', 'Identity', 'Cast', 'DequantizeLinear'].includes(node.op)) return null
  const shape = constantShape(graph, node.inputs[0]!)
  if (shape === null || node.op !== 'Transpose') return shape
  const order = numbersAttribute(node, 'perm') ?? [...shape.keys()].reverse()
  return order.map((axis) => shape[axis]!)
}
