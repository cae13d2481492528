import { GraphBuilder } from '../onnx/graph-builder.js'

/** Names of stackGraph's inputs and output. */
export const stackNames = {
  /** float32 [N_i, width] */
  part: (index: number) => `part.${index}`,
  /** float32 [sum of N_i, width] */
  whole: 'whole',
} as const

/** Names of takeGraph's inputs and output. */
export const takeNames = {
  /** float32 [N, width] */
  whole: 'whole',
  /** int64 [K] */
  rows: 'rows',
  /** float32 [K, width] */
  taken: 'taken',
} as const

/** Some rows of a tensor. */
export function takeGraph(width: number): Uint8Array {
  const graph = new GraphBuilder()
  const whole = graph.input(takeNames.whole, 'float32', ['N', width])
  const rows = graph.input(takeNames.rows, 'int64', ['K'])
  graph.output(graph.node('Gather', [whole, rows], { axis: 0 }), takeNames.taken, 'float32', ['K', width])
  return graph.build()
}

/** Puts the rows of so many tensors one below the other. */
export function stackGraph(count: number, width: number): Uint8Array {
  const graph = new GraphBuilder()
  const parts = Array.from({ length: count }, (_, index) =>
    graph.input(stackNames.part(index), 'float32', [`N${index}`, width]),
  )
  graph.output(graph.node('Concat', parts, { axis: 0 }), stackNames.whole, 'float32', ['N', width])
  return graph.build()
}
