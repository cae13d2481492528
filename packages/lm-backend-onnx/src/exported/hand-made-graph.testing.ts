import type { FileModel, FileTensor } from '../onnx/decode-model.js'
import { type Attribute, elementType, type Node } from '../onnx/encode-model.js'

/** A node of a graph that a test writes by hand. */
export function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
): Node {
  return { op, name: outputs[0] ?? '', inputs, outputs, attributes }
}

/** A constant of it, without bytes. */
export function constant(name: string, shape: readonly number[], type: number = elementType.float32): FileTensor {
  return { name, type, shape, place: 'here', offset: 0, length: 0, stored: null }
}

/** A file of these nodes. */
export function fileOf(nodes: readonly Node[], tensors: readonly FileTensor[] = []): FileModel {
  return { producer: 'by hand', opset: 18, imports: [], functions: [], nodes, tensors, inputs: [], outputs: [] }
}

/** An If of which one branch holds these nodes. */
export function inBranch(nodes: readonly Node[], tensors: readonly FileTensor[] = []): Node {
  const graph = { inputs: [], outputs: [], nodes, tensors }
  return node('If', ['condition'], ['chosen'], { then_branch: { graph } })
}
