import type { GraphBuilder, Value } from '../onnx/graph-builder.js'
import type { Mlp } from '../spec/model-spec.js'
import type { WeightNodes } from './weight-nodes.js'

/** What the activation reads: the up-projection, or the gate, beside which the up-projection waits. */
export function preNodes(
  graph: GraphBuilder,
  nodes: WeightNodes,
  { up, gate, down }: Mlp,
  x: Value,
): { readonly pre: Value; readonly up: Value | null } {
  if (gate === null) return { pre: nodes.linear(x, up), up: null }
  if (gate !== 'in_up') return { pre: nodes.linear(x, gate), up: nodes.linear(x, up) }
  const widths = graph.ints([down.inFeatures, down.inFeatures])
  const [first, second] = graph.nodes('Split', [nodes.linear(x, up), widths], 2, { axis: -1 })
  return { pre: first!, up: second! }
}

/** A whole MLP without hook points: down(act(up(x))), or down(act(gate(x)) * up(x)). */
export function mlpNodes(graph: GraphBuilder, nodes: WeightNodes, mlp: Mlp, x: Value): Value {
  const { pre, up } = preNodes(graph, nodes, mlp, x)
  const active = nodes.activation(pre, mlp.activation)
  return nodes.linear(up === null ? active : graph.node('Mul', [active, up]), mlp.down)
}
