import type { FileSubgraph } from '../onnx/decode-model.js'
import type { Attribute, Node } from '../onnx/encode-model.js'

/** A node with other names of values, those in its branches and bodies too. */
export function renameValues(node: Node, name: (value: string) => string): Node {
  const renamed = (value: string) => (value === '' ? '' : name(value))
  const attribute = (value: Attribute): Attribute =>
    typeof value === 'object' && 'graph' in value ? { graph: renameInside(value.graph as FileSubgraph, name) } : value
  return {
    ...node,
    inputs: node.inputs.map(renamed),
    outputs: node.outputs.map(renamed),
    attributes: Object.fromEntries(Object.entries(node.attributes).map(([key, value]) => [key, attribute(value)])),
  }
}

function renameInside(graph: FileSubgraph, name: (value: string) => string): FileSubgraph {
  const named = <Named extends { readonly name: string }>(item: Named): Named => ({ ...item, name: name(item.name) })
  return {
    ...graph,
    nodes: graph.nodes.map((node) => renameValues(node, name)),
    tensors: graph.tensors.map(named),
    inputs: graph.inputs.map(named),
    outputs: graph.outputs.map(named),
  }
}
