import { GraphBuilder } from '../onnx/graph-builder.js'
import type { CacheTensor } from './layer-cache.js'

/** Names of the inputs of cacheGraph beside the cache's own. */
export const cacheNames = {
  /** int64 [R] */
  rows: 'rows',
  /** int64 [C]; where every tensor of the cache is a state without columns, it is not an input */
  columns: 'columns',
} as const

/** Columns of two caches of one row each, numbered as if the second stood behind the first, as one cache; of tensors that grow. */
export function joinGraph(caches: readonly CacheTensor[]): Uint8Array {
  const graph = new GraphBuilder()
  const columns = graph.input(cacheNames.columns, 'int64', ['C'])
  for (const { past, present, shared, empty } of caches) {
    const shape = (length: string) => empty(1).map((size, axis) => (axis === 2 ? length : size))
    const [first, second] = [graph.input(past, 'float32', shape('A')), graph.input(shared, 'float32', shape('B'))]
    const both = graph.node('Concat', [first, second], { axis: 2 })
    graph.output(graph.node('Gather', [both, columns], { axis: 2 }), present, 'float32', shape('C'))
  }
  return graph.build()
}

/** Names of the inputs of placeGraph beside the caches' own. */
export const placeNames = {
  /** int64 [N, heads]: which vectors of a tensor of so many heads that grows are taken, counted through its rows, heads and columns */
  from: (heads: number) => `from.${heads}`,
  /** int64 [N, heads, 3]: row, head and column of the other that they are written to */
  to: (heads: number) => `to.${heads}`,
  /** int64 [R] and [R, 1]: rows of states, and the rows that they are written to */
  rows: 'rows',
  toRows: 'to_rows',
} as const

/** Writes tokens of one cache into another, and states of its rows, whose outputs are bound to the same memory as its inputs. */
export function placeGraph(caches: readonly CacheTensor[]): Uint8Array {
  const graph = new GraphBuilder()
  const input = (name: string, shape: readonly (number | string)[]) => graph.inputOnce(name, 'int64', shape)
  for (const { past, present, fresh, grows, empty } of caches) {
    const [, ...sizes] = empty(1)
    const shape = (rows: string, length: string) => [
      rows,
      ...sizes.map((size, at) => (grows && at === 1 ? length : size)),
    ]
    const [into, source] = [
      graph.input(past, 'float32', shape('B', 'P')),
      graph.input(fresh, 'float32', shape('R', 'Q')),
    ]
    if (!grows) {
      const rows = graph.node('Gather', [source, input(placeNames.rows, ['N'])], { axis: 0 })
      graph.outputNode(
        'ScatterND',
        [into, input(placeNames.toRows, ['N', 1]), rows],
        present,
        'float32',
        shape('B', 'P'),
      )
      continue
    }
    const [heads, , d] = sizes as [number, number, number]
    const vectors = graph.node('Reshape', [source, graph.ints([-1, d])])
    const taken = graph.node('Gather', [vectors, input(placeNames.from(heads), ['M', heads])], { axis: 0 })
    graph.outputNode(
      'ScatterND',
      [into, input(placeNames.to(heads), ['M', heads, 3]), taken],
      present,
      'float32',
      shape('B', 'P'),
    )
  }
  return graph.build()
}

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
