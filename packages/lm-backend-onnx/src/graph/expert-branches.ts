import type { GraphBuilder, Value } from '../onnx/graph-builder.js'
import type { ExpertLayout, Linear } from '../spec/model-spec.js'
import { expertLayout } from '../spec/spec-tensors.js'
import type { StoredTensor } from '../weights/checkpoint.js'
import { type ExpertParts, type GateAndUp, gated, type Routed } from './expert-parts.js'
import { mxfp4Nodes } from './mxfp4-nodes.js'

/**
 * Outputs [tokens * chosen, d] of the chosen experts. The (token, expert) pairs are sorted by
 * expert, so that each expert multiplies its own tokens at once; an expert without tokens costs nothing. Expert weights stay in the file's
 * format in memory and are converted to float32 where they are used.
 */
export function expertBranches(parts: ExpertParts, { flat, indices, scales }: Routed): Value {
  const { graph, nodes, dModel: d, experts } = parts
  const { count, chosen } = experts

  // pair p = token * chosen + place; order lists the pairs by expert, ties by pair
  const ofPair = graph.node('Reshape', [indices, graph.ints([-1])])
  const sorted = (values: Value): Value => {
    const all = graph.node('Shape', [values])
    return graph.nodes('TopK', [values, all], 2, { axis: 0, largest: 0, sorted: 1 })[1]!
  }
  const order = sorted(ofPair)
  const tokens = graph.node('Div', [order, graph.ints([chosen], [])])
  const scalesOf = (values: Value) =>
    graph.node('Unsqueeze', [graph.node('Gather', [values, order], { axis: 0 }), graph.ints([1])])
  const ids = graph.ints(Array.from({ length: count }, (_, index) => index))
  const column = graph.node('Unsqueeze', [ofPair, graph.ints([1])])
  const hits = graph.node('Cast', [graph.node('Equal', [column, ids])], { to: 7 })
  const counts = graph.node('ReduceSum', [hits, graph.ints([0])], { keepdims: 0 })
  const gathered = graph.node('Gather', [flat, tokens], { axis: 0 })
  const read = scales === null ? gathered : graph.node('Mul', [gathered, scalesOf(scales)])
  const inputs = graph.nodes('Split', [read, counts], count, { axis: 0 })
  const busy = graph.node('Greater', [counts, graph.ints([0])])

  const layout = expertLayout(experts, nodes.weights.has)
  const matrices = expertMatrices(parts, layout, whenRun(graph, flat))
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
  return graph.node('Gather', [all, sorted(order)], { axis: 0 })
}

/** How to multiply with the matrices of each expert. */
interface ExpertMatrices {
  gateAndUp(index: number, input: Value): GateAndUp
  down(index: number, hidden: Value): Value
}

function expertMatrices(
  { graph, nodes, dModel: d, experts: { dExpert: f } }: ExpertParts,
  layout: ExpertLayout,
  late: (tensor: StoredTensor) => Value,
): ExpertMatrices {
  const { weights } = nodes
  const float = (tensor: StoredTensor): Value => nodes.values.toFloat({ value: late(tensor), type: tensor.type })
  const halvesOf = (value: Value, order: 'alternating' | 'halves') =>
    order === 'halves' ? halves(value) : alternating(value)
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
  const biasOf = (name: string | undefined, index: number) => (name === undefined ? null : slice(name, index))
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
          halvesOf(
            multiply(input, slice(layout.gateUp, index), biasOf(layout.biases?.gateUp, index), false),
            layout.order,
          ),
        down: (index, hidden) => multiply(hidden, slice(layout.down, index), biasOf(layout.biases?.down, index), false),
      }
    case 'mxfp4': {
      const packed = (name: string, index: number, rows: number, columns: number) =>
        mxfp4Nodes(graph, {
          blocks: late(weights.slice(`${name}_blocks`, index)),
          scales: late(weights.slice(`${name}_scales`, index)),
          shape: [rows, columns],
        })
      return {
        gateAndUp: (index, input) =>
          alternating(
            multiply(input, packed(layout.gateUp, index, 2 * f, d), slice(layout.biases.gateUp, index), true),
          ),
        down: (index, hidden) =>
          multiply(hidden, packed(layout.down, index, d, f), slice(layout.biases.down, index), true),
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
