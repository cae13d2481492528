import type { Node } from '../onnx/encode-model.js'
import { numberAttribute } from '../onnx/read-attribute.js'
import { renameValues } from './rename-values.js'

/** Nodes without those that hand on what they read: exporters let several readers share one. What is in `kept` is still made by a node. */
export function dropCopies(
  nodes: readonly Node[],
  types: ReadonlyMap<string, number>,
  kept: ReadonlySet<string>,
): Node[] {
  const same = new Map<string, string>()
  const original = (value: string) => same.get(value) ?? value
  return nodes.flatMap((node) => {
    const [output, ...others] = node.outputs
    const isCopy =
      node.op === 'Identity' ||
      (node.op === 'Dropout' && others.length === 0) ||
      (node.op === 'Cast' && numberAttribute(node, 'to') === types.get(node.inputs[0]!))
    if (!isCopy || kept.has(output!)) return [renameValues(node, original)]
    same.set(output!, original(node.inputs[0]!))
    return []
  })
}
