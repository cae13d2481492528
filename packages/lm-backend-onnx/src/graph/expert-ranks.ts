import type { GraphBuilder, Value } from '../onnx/graph-builder.js'
import { float32Numbers } from './float32-numbers.js'

// pairs that are counted by one product
const block = 64

/**
 * Of pairs of tokens and experts, float32 [pairs] numbers of experts: how many pairs before each have its expert, [pairs], and how many pairs each of
 * `ids` [experts] has, [experts]. Nothing is sorted, and every number is a count, so that float32 is exact below 2^24 pairs.
 */
export function expertRanks(
  graph: GraphBuilder,
  ofPair: Value,
  pairs: Value,
  ids: Value,
): { readonly ranks: Value; readonly counts: Value } {
  const { filled } = float32Numbers(graph)
  const int = (value: number) => graph.ints([value])
  const sum = (value: Value, axis: number) => graph.node('ReduceSum', [value, int(axis)], { keepdims: 0 })
  // to whole blocks, with pairs of no expert
  const blocks = graph.node('Add', [graph.node('Div', [pairs, int(block)]), int(1)])
  const missing = graph.node('Sub', [graph.node('Mul', [blocks, int(block)]), pairs])
  const padded = graph.node('Concat', [ofPair, filled(-1, missing)], { axis: 0 })
  const rows = graph.node('Reshape', [padded, graph.ints([-1, block, 1])])
  const hits = graph.node('Cast', [graph.node('Equal', [rows, ids])], { to: 1 })
  const totals = sum(hits, 1)
  const places = Array.from({ length: block }, (_, at) => at)
  const isBefore = graph.node('Less', [graph.floats(places, [1, block]), graph.floats(places, [block, 1])])
  const within = graph.node('MatMul', [graph.node('Cast', [isBefore], { to: 1 }), hits])
  const earlier = graph.node('CumSum', [totals, graph.ints([0], [])], { exclusive: 1 })
  const all = graph.node('Add', [within, graph.node('Unsqueeze', [earlier, int(1)])])
  const ranks = graph.node('Reshape', [sum(graph.node('Mul', [all, hits]), 2), int(-1)])
  return { ranks: graph.node('Slice', [ranks, int(0), pairs, int(0)]), counts: sum(totals, 0) }
}
