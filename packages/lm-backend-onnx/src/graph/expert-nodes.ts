import type { GraphBuilder, Value } from '../onnx/graph-builder.js'
import type { ExpertLayout, Experts, Linear } from '../spec/model-spec.js'
import { expertLayout } from '../spec/spec-tensors.js'
import type { StoredTensor } from '../weights/checkpoint.js'
import { mlpNodes } from './mlp-nodes.js'
import { mxfp4Nodes } from './mxfp4-nodes.js'
import type { WeightNodes } from './weight-nodes.js'

/**
 * A mixture of experts from x [B, T, d] to [B, T, d]. The (token, expert) pairs are sorted by expert, so that each expert multiplies its
 * own tokens at once; an expert without tokens costs nothing. Expert weights stay in the file's format in memory and are converted
 * to float32 where they are used.
 */
export function expertNodes(graph: GraphBuilder, nodes: WeightNodes, d: number, experts: Experts, x: Value): Value {
  const { count, chosen, shared } = experts
  const flat = graph.node('Reshape', [x, graph.ints([-1, d])])
  const { indices, weights } = route(graph, nodes, experts, x)

  // pair p = token * chosen + place; order lists the pairs by expert, ties by pair
  const ofPair = graph.node('Reshape', [indices, graph.ints([-1])])
  const sorted = (values: Value): Value => {
    const all = graph.node('Shape', [values])
    return graph.nodes('TopK', [values, all], 2, { axis: 0, largest: 0, sorted: 1 })[1]!
  }
  const order = sorted(ofPair)
  const tokens = graph.node('Div', [order, graph.ints([chosen], [])])
  const ids = graph.ints(Array.from({ length: count }, (_, index) => index))
  const column = graph.node('Unsqueeze', [ofPair, graph.ints([1])])
  const hits = graph.node('Cast', [graph.node('Equal', [column, ids])], { to: 7 })
  const counts = graph.node('ReduceSum', [hits, graph.ints([0])], { keepdims: 0 })
  const inputs = graph.nodes('Split', [graph.node('Gather', [flat, tokens], { axis: 0 }), counts], count, { axis: 0 })
  const busy = graph.node('Greater', [counts, graph.ints([0])])

  const layout = expertLayout(experts, nodes.weights.has)
  const matrices = expertMatrices(graph, nodes, experts, d, layout, whenRun(graph, flat))
  const outputs = inputs.map((input, index) =>
    graph.choose(
      graph.node('Gather', [busy, graph.ints([index], [])]),
      // a size of its own: onnxruntime takes equal names for equal sizes
      [`${input}.tokens`, d],
      () => matrices.down(index, gated(graph, nodes, experts, matrices.gateAndUp(index, input))),
      () => graph.node('Identity', [input]),
    ),
  )

  // back from the order of experts to [tokens, chosen, d]
  const all = outputs.length === 1 ? outputs[0]! : graph.node('Concat', outputs, { axis: 0 })
  const perToken = graph.node('Reshape', [
    graph.node('Gather', [all, sorted(order)], { axis: 0 }),
    graph.ints([-1, chosen, d]),
  ])
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

/** What lies between an expert's matrices. */
function gated(graph: GraphBuilder, nodes: WeightNodes, { activation }: Experts, { gate, up }: GateAndUp): Value {
  if (activation === 'silu') return graph.node('Mul', [nodes.activation(gate, 'silu'), up])
  // gpt-oss: gate capped at 7, up kept within [-7, 7]; gate * sigmoid(1.702 gate) * (up + 1)
  const limit = graph.scalar(7)
  const capped = graph.node('Min', [gate, limit])
  const within = graph.node('Max', [graph.node('Min', [up, limit]), graph.scalar(-7)])
  const sigmoid = graph.node('Sigmoid', [graph.node('Mul', [capped, graph.scalar(1.702)])])
  const glu = graph.node('Mul', [capped, sigmoid])
  return graph.node('Mul', [graph.node('Add', [within, graph.scalar(1)]), glu])
}

interface GateAndUp {
  readonly gate: Value
  readonly up: Value
}

/** How to multiply with the matrices of each expert. */
interface ExpertMatrices {
  gateAndUp(index: number, input: Value): GateAndUp
  down(index: number, hidden: Value): Value
}

function expertMatrices(
  graph: GraphBuilder,
  nodes: WeightNodes,
  { dExpert: f }: Experts,
  d: number,
  layout: ExpertLayout,
  late: (tensor: StoredTensor) => Value,
): ExpertMatrices {
  const { weights } = nodes
  const float = (tensor: StoredTensor): Value => nodes.toFloat(late(tensor), tensor.type)
  const multiply = (input: Value, matrix: Value, bias: Value | null, transposed: boolean): Value =>
    graph.node('Gemm', bias === null ? [input, matrix] : [input, matrix, bias], transposed ? { transB: 1 } : {})
  const halves = (value: Value): GateAndUp => {
    const [gate, up] = graph.nodes('Split', [value, graph.ints([f, f])], 2, { axis: -1 })
    return { gate: gate!, up: up! }
  }
  /** [tokens, 2 f] with gates and ups alternating. */
  const alternating = (value: Value): GateAndUp => {
    const every = (first: number) =>
      graph.node('Slice', [value, graph.ints([first]), graph.ints([2 * f]), graph.ints([1]), graph.ints([2])])
    return { gate: every(0), up: every(1) }
  }
  const ofFile = ({ weight }: Linear) => float({ ...weights.tensor(weight), name: weight })
  const slice = (name: string, index: number) => float(weights.slice(name, index))
  switch (layout.kind) {
    case 'separate':
      return {
        gateAndUp: (index, input) => {
          const { gate, up } = layout.expert(index)
          return {
            gate: multiply(input, ofFile(gate), null, true),
            up: multiply(input, ofFile(up), null, true),
          }
        },
        down: (index, hidden) => multiply(hidden, ofFile(layout.expert(index).down), null, true),
      }
    case 'stacked':
      return {
        gateAndUp: (index, input) => halves(multiply(input, slice(layout.gateUp, index), null, true)),
        down: (index, hidden) => multiply(hidden, slice(layout.down, index), null, true),
      }
    case 'transposed':
      return {
        gateAndUp: (index, input) =>
          alternating(multiply(input, slice(layout.gateUp, index), slice(layout.gateUpBias, index), false)),
        down: (index, hidden) => multiply(hidden, slice(layout.down, index), slice(layout.downBias, index), false),
      }
    case 'mxfp4': {
      const packed = (name: string, index: number, rows: number, columns: number) =>
        mxfp4Nodes(graph, {
          blocks: late(weights.slice(`${name}_blocks`, index)),
          scales: late(weights.slice(`${name}_scales`, index)),
          rows,
          columns,
        })
      return {
        gateAndUp: (index, input) =>
          alternating(multiply(input, packed(layout.gateUp, index, 2 * f, d), slice(layout.gateUpBias, index), true)),
        down: (index, hidden) =>
          multiply(hidden, packed(layout.down, index, d, f), slice(layout.downBias, index), true),
      }
    }
  }
}

/**
 * Constants whose conversions onnxruntime must not compute when it loads: float32 copies of all experts would be several times the
 * file. Their shape depends, for the optimiser, on the input; nothing is copied.
 */
function whenRun(graph: GraphBuilder, flat: Value): (tensor: StoredTensor) => Value {
  const tokens = graph.node('Gather', [graph.node('Shape', [flat]), graph.ints([0])])
  const zero = graph.node('Mul', [tokens, graph.ints([0])])
  return (tensor) => {
    const shape = graph.node('Add', [graph.ints(tensor.shape), zero])
    const { name, type, location, offset, byteLength } = tensor
    const data = { location, offset, length: byteLength }
    return graph.node('Reshape', [graph.initializer({ name, type, shape: tensor.shape, data }), shape])
  }
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
