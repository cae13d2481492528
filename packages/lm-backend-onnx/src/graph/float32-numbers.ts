import type { GraphBuilder, Value } from '../onnx/graph-builder.js'

/** Sizes and places as float32 on the device, from sizes int64 [1] that are arithmetic of shapes, on the host. Nothing travels. */
export interface Float32Numbers {
  /** float32 [size], the same number everywhere. */
  filled(value: number, size: Value): Value
  /** A size as float32 []. */
  float(size: Value): Value
  /** 0, 1, ..., size - 1 as float32 [size]. */
  ofRange(size: Value): Value
}

// numbers of a range that are a constant: the others are these plus multiples
const block = 1024

export function float32Numbers(graph: GraphBuilder): Float32Numbers {
  const filled = (value: number, size: Value) => graph.node('Expand', [graph.floats([value], [1]), size])
  return {
    filled,
    float: (size) => graph.node('ReduceSum', [filled(1, size), graph.ints([0])], { keepdims: 0 }),
    ofRange: (size) => {
      const blocks = graph.node('Div', [graph.node('Add', [size, graph.ints([block - 1])]), graph.ints([block])])
      const starts = graph.node('CumSum', [filled(block, blocks), graph.ints([0], [])], { exclusive: 1 })
      const numbers = graph.floats(
        Array.from({ length: block }, (_, at) => at),
        [1, block],
      )
      const all = graph.node('Add', [graph.node('Unsqueeze', [starts, graph.ints([1])]), numbers])
      const flat = graph.node('Reshape', [all, graph.ints([-1])])
      return graph.node('Slice', [flat, graph.ints([0]), size, graph.ints([0])])
    },
  }
}
