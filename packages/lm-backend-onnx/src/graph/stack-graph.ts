import { GraphBuilder } from '../onnx/graph-builder.js'

/** Names of stackGraph's inputs and output. */
export const stackNames = {
  /** float32 [N_i, width] */
  part: (index: number) => `part.${index}`,
  /** float32 [sum of N_i, width] */
  whole: 'whole',
} as const

/** Puts the rows of so many tensors one below the other. */
export function stackGraph(count: number, width: number): Uint8Array {
  const graph = new GraphBuilder()
  const parts = Array.from({ length: count }, (_, index) =>
    graph.input(stackNames.part(index), 'float32', [`N${index}`, width]),
  )
  graph.output(graph.node('Concat', parts, { axis: 0 }), stackNames.whole, 'float32', ['N', width])
  return graph.build()
}
