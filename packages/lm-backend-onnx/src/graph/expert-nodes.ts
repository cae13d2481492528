import type { GraphBuilder, Value } from '../onnx/graph-builder.js'
import type { Experts, ExpertsBeside } from '../spec/model-spec.js'
import { expertBranches } from './expert-branches.js'
import type { ExpertParts } from './expert-parts.js'
import { expertTiles } from './expert-tiles.js'
import { mlpNodes } from './mlp-nodes.js'
import type { WeightNodes } from './weight-nodes.js'

/** A mixture of experts from x [B, T, d] to [B, T, d]; the router may read something else. */
export function expertNodes(parts: ExpertParts, x: Value, routed = x): Value {
  const { graph, nodes, form, dModel: d, experts } = parts
  const { chosen, shared, weighs } = experts
  const flat = graph.node('Reshape', [x, graph.ints([-1, d])])
  const { indices, weights } = route(graph, nodes, experts, routed)
  const given = {
    flat,
    indices,
    scales: weighs === 'inputs' ? graph.node('Reshape', [weights, graph.ints([-1])]) : null,
  }
  const ofPairs =
    form.experts === 'branches' ? expertBranches(parts, given) : expertTiles(parts, given, form.experts.tileNumbers)
  const perToken = graph.node('Reshape', [ofPairs, graph.ints([-1, chosen, d])])
  const weighted =
    weighs === 'inputs' ? perToken : graph.node('Mul', [perToken, graph.node('Unsqueeze', [weights, graph.ints([2])])])
  const sum = graph.node('ReduceSum', [weighted, graph.ints([1])], { keepdims: 0 })
  const result = graph.node('Reshape', [sum, graph.node('Shape', [x])])
  return shared === null ? result : graph.node('Add', [result, sharedExpert(graph, nodes, shared, x)])
}

/** What an MLP has given [B, T, d] and what the experts beside it give for the same stream, each normed, added. */
export function withExpertsBeside(
  parts: Omit<ExpertParts, 'experts'>,
  { norm, experts, routerGain, routerFactor, postNorm, postMlpNorm }: ExpertsBeside,
  ofMlp: Value,
  stream: Value,
): Value {
  const { graph, nodes, dModel } = parts
  const gained = graph.node('Mul', [nodes.normalize(stream, dModel), nodes.float(routerGain)])
  const routed = graph.node('Mul', [gained, graph.scalar(routerFactor)])
  const ofExperts = expertNodes({ ...parts, experts }, nodes.norm(stream, norm), routed)
  return graph.node('Add', [nodes.norm(ofMlp, postMlpNorm), nodes.norm(ofExperts, postNorm)])
}

/** Experts of each token [tokens, chosen] and their weights, same shape. */
function route(graph: GraphBuilder, nodes: WeightNodes, experts: Experts, x: Value) {
  const { router, chosen, weights: kind, weightFactors } = experts
  const logits = graph.node('Reshape', [nodes.linear(x, router), graph.ints([-1, router.outFeatures])])
  const scores = kind === 'chosen' || kind === 'sigmoid' ? logits : graph.node('Softmax', [logits], { axis: -1 })
  const [top, indices] = graph.nodes('TopK', [scores, graph.ints([chosen])], 2, { axis: -1, largest: 1, sorted: 1 })
  const weightsOf = (values: Value): Value => {
    switch (kind) {
      case 'all':
        return values
      case 'all_renormalized':
        return graph.node('Div', [values, graph.node('ReduceSum', [values, graph.ints([-1])], { keepdims: 1 })])
      case 'chosen':
        return graph.node('Softmax', [values], { axis: -1 })
      case 'sigmoid':
        return graph.node('Sigmoid', [values])
    }
  }
  const weights = weightsOf(top!)
  if (weightFactors === null) return { indices: indices!, weights }
  const factors = graph.node('Gather', [nodes.float(weightFactors), indices!], { axis: 0 })
  return { indices: indices!, weights: graph.node('Mul', [weights, factors]) }
}

function sharedExpert(
  graph: GraphBuilder,
  nodes: WeightNodes,
  shared: NonNullable<Experts['shared']>,
  x: Value,
): Value {
  const given = mlpNodes(graph, nodes, shared.mlp, x)
  if (shared.gate === null) return given
  return graph.node('Mul', [graph.node('Sigmoid', [nodes.linear(x, shared.gate)]), given])
}
