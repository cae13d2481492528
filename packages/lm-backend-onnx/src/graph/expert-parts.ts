import type { GraphBuilder, Value } from '../onnx/graph-builder.js'
import type { Experts } from '../spec/model-spec.js'
import type { GraphForm } from './graph-form.js'
import type { WeightNodes } from './weight-nodes.js'

/** What a mixture of experts is built from. */
export interface ExpertParts {
  readonly graph: GraphBuilder
  readonly nodes: WeightNodes
  readonly form: GraphForm
  readonly dModel: number
  readonly experts: Experts
}

/** What the experts of tokens are computed from. */
export interface Routed {
  /** [tokens, d] */
  readonly flat: Value
  /** int64 [tokens, chosen] */
  readonly indices: Value
  /** [tokens * chosen]: what each expert's input is multiplied by; null for 1. */
  readonly scales: Value | null
}

/** The two halves of an expert's first product. */
export interface GateAndUp {
  readonly gate: Value
  readonly up: Value
}

/** What lies between an expert's matrices. */
export function gated(
  graph: GraphBuilder,
  nodes: WeightNodes,
  { activation }: Experts,
  { gate, up }: GateAndUp,
): Value {
  if (activation !== 'clamped_swiglu') return graph.node('Mul', [nodes.activation(gate, activation), up])
  // gpt-oss: gate capped at 7, up kept within [-7, 7]; gate * sigmoid(1.702 gate) * (up + 1)
  const limit = graph.scalar(7)
  const capped = graph.node('Min', [gate, limit])
  const within = graph.node('Max', [graph.node('Min', [up, limit]), graph.scalar(-7)])
  const sigmoid = graph.node('Sigmoid', [graph.node('Mul', [capped, graph.scalar(1.702)])])
  const glu = graph.node('Mul', [capped, sigmoid])
  return graph.node('Mul', [graph.node('Add', [within, graph.scalar(1)]), glu])
}
