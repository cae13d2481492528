import type { GraphBuilder, Value } from '../onnx/graph-builder.js'
import type { Experts } from '../spec/model-spec.js'
import { expertBranches } from './expert-branches.js'
import type { ExpertParts } from './expert-parts.js'
import { expertTiles } from './expert-tiles.js'
import { mlpNodes } from './mlp-nodes.js'
import type { WeightNodes } from './weight-nodes.js'

/** A mixture of experts from x [B, T, d] to [B, T, d]. */
export function expertNodes(parts: ExpertParts, x: Value): Value {
  const { graph, nodes, form, dModel: d, experts } = parts
  const { chosen, shared } = experts
  const flat = graph.node('Reshape', [x, graph.ints([-1, d])])
  const { indices, weights } = route(graph, nodes, experts, x)
  const ofPairs =
    form.experts === 'branches'
      ? expertBranches(parts, flat, indices)
      : expertTiles(parts, flat, indices, form.experts.tileNumbers)
  const perToken = graph.node('Reshape', [ofPairs, graph.ints([-1, chosen, d])])
  const weighted = graph.node('Mul', [perToken, graph.node('Unsqueeze', [weights, graph.ints([2])])])
  const sum = graph.node('ReduceSum', [weighted, graph.ints([1])], { keepdims: 0 })
  const result = graph.node('Reshape', [sum, graph.node('Shape', [x])])
  return shared === null ? result : graph.node('Add', [result, sharedExpert(graph, nodes, shared, x)])
}

/** Experts of each token [tokens, chosen] and their weights, same shape. */
function route(graph: GraphBuilder, nodes: WeightNodes, experts: Experts, x: Value) {
  const { router, chosen, weights: kind } = experts
  const logits = graph.node('Reshape', [nodes.linear(x, router), graph.ints([-1, router.outFeatures])])
  const scores = kind === 'chosen' ? logits : graph.node('Softmax', [logits], { axis: -1 })
  const [top, indices] = graph.nodes('TopK', [scores, graph.ints([chosen])], 2, { axis: -1, largest: 1, sorted: 1 })
  const weightsOf = (values: Value): Value => {
    switch (kind) {
      case 'all':
        return values
      case 'all_renormalized':
        return graph.node('Div', [values, graph.node('ReduceSum', [values, graph.ints([-1])], { keepdims: 1 })])
      case 'chosen':
        return graph.node('Softmax', [values], { axis: -1 })
    }
  }
  return { indices: indices!, weights: weightsOf(top!) }
}

function sharedExpert(
  graph: GraphBuilder,
  nodes: WeightNodes,
  shared: NonNullable<Experts['shared']>,
  x: Value,
): Value {
  const gate = graph.node('Sigmoid', [nodes.linear(x, shared.gate)])
  return graph.node('Mul', [gate, mlpNodes(graph, nodes, shared.mlp, x)])
}
