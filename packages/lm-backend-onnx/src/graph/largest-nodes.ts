import type { GraphBuilder, Value } from '../onnx/graph-builder.js'

// float32 holds every id below it
const beyondIds = 2 ** 24

/** The largest value along an axis, which stays with size 1: by TopK, for which CUDA needs no cuDNN. */
export function topValue(graph: GraphBuilder, values: Value, axis: number, largest: 0 | 1 = 1): Value {
  return graph.nodes('TopK', [values, graph.ints([1])], 2, { axis, largest, sorted: 1 })[0]!
}

/** The lowest of `ids` (float32) along an axis where `isLargest` holds; no provider promises which of equal values TopK names. */
export function lowestOfLargest(graph: GraphBuilder, isLargest: Value, ids: Value, axis: number): Value {
  return topValue(graph, graph.node('Where', [isLargest, ids, graph.scalar(beyondIds)]), axis, 0)
}
