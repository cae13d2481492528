import type { GraphBuilder, Value } from '../onnx/graph-builder.js'
import type { Mlp } from '../spec/model-spec.js'
import type { WeightNodes } from './weight-nodes.js'

/** A whole MLP without hook points: down(act(up(x))), or down(act(gate(x)) * up(x)). */
export function mlpNodes(
  graph: GraphBuilder,
  nodes: WeightNodes,
  { up, gate, down, activation }: Mlp,
  x: Value,
): Value {
  const active = nodes.activation(nodes.linear(x, gate ?? up), activation)
  return nodes.linear(gate === null ? active : graph.node('Mul', [active, nodes.linear(x, up)]), down)
}
