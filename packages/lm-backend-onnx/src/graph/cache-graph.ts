import { GraphBuilder } from '../onnx/graph-builder.js'
import type { CacheTensor } from './layer-cache.js'

/** Names of the inputs of cacheGraph beside the cache's own. */
export const cacheNames = {
  /** int64 [R] */
  rows: 'rows',
  /** int64 [C]; where every tensor of the cache is a state without columns, it is not an input */
  columns: 'columns',
} as const

/**
 * Picks rows and columns (tokens) of a cache, repeated ones too: the beginning of a prefix, one prefix for several rows, the rows that go
 * on. Runs where the cache lies, so that it does not travel. Tensors that do not grow with the tokens only have their rows picked.
 */
export function cacheGraph(caches: readonly CacheTensor[]): Uint8Array {
  const graph = new GraphBuilder()
  const rows = graph.input(cacheNames.rows, 'int64', ['R'])
  for (const { past, present, grows, empty } of caches) {
    const [, ...sizes] = empty(1)
    const shape = (batch: string, length: string) => [
      batch,
      ...sizes.map((size, at) => (grows && at === 1 ? length : size)),
    ]
    const whole = graph.input(past, 'float32', shape('B', 'P'))
    const part = grows
      ? graph.node('Gather', [whole, graph.inputOnce(cacheNames.columns, 'int64', ['C'])], { axis: 2 })
      : whole
    graph.output(graph.node('Gather', [part, rows], { axis: 0 }), present, 'float32', shape('R', 'C'))
  }
  return graph.build()
}
