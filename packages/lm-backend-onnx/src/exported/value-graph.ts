import type { FileModel, FileSubgraph, FileTensor } from '../onnx/decode-model.js'
import type { Node } from '../onnx/encode-model.js'

/** The nodes of a file, with what hangs on what. Nodes are numbered in an order in which they can be computed, as ONNX asks of files. */
export interface ValueGraph {
  readonly nodes: readonly Node[]
  readonly tensors: ReadonlyMap<string, FileTensor>
  /** Number of the node that computes a value; undefined for inputs and constants. */
  producer(value: string): number | undefined
  /** Values that a node reads, those that its branches and bodies read of the graph around them too. */
  reads(node: number): readonly string[]
  /** Whether a value is the same at every run. */
  isConstant(value: string): boolean
}

/** Operators whose output hangs on shapes alone. */
const ofShapes = new Set(['Shape', 'Size'])

export function valueGraph({ nodes, tensors }: Pick<FileModel, 'nodes' | 'tensors'>): ValueGraph {
  const producers = new Map<string, number>()
  const constants = new Set(tensors.map(({ name }) => name))
  const reads = nodes.map(readsOf)
  nodes.forEach(({ outputs }, index) => {
    for (const output of outputs) if (output !== '') producers.set(output, index)
    if (reads[index]!.every((name) => constants.has(name))) for (const output of outputs) constants.add(output)
  })
  return {
    nodes,
    tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
    producer: (value) => producers.get(value),
    reads: (node) => reads[node]!,
    isConstant: (value) => constants.has(value),
  }
}

/** Whether a node's result hangs on numbers of what it reads, not on its shape alone. */
export function readsNumbers({ op }: Node): boolean {
  return !ofShapes.has(op)
}

/** What a node reads, with what its branches and bodies read of the graph around them. */
export function readsOf(node: Node): string[] {
  return [...node.inputs.filter((name) => name !== ''), ...subgraphsOf(node).flatMap(outerReads)]
}

/** The branches or bodies of a node. */
export function subgraphsOf({ attributes }: Node): FileSubgraph[] {
  return Object.values(attributes).flatMap((attribute) =>
    typeof attribute === 'object' && 'graph' in attribute ? [attribute.graph as FileSubgraph] : [],
  )
}

/** What a subgraph reads of the graph around it. */
function outerReads({ nodes, inputs, outputs, tensors }: FileSubgraph): string[] {
  const own = new Set([
    ...inputs.map(({ name }) => name),
    ...tensors.map(({ name }) => name),
    ...nodes.flatMap(({ outputs }) => outputs),
  ])
  const read = [...nodes.flatMap(readsOf), ...outputs.map(({ name }) => name)]
  return read.filter((name) => !own.has(name))
}

/** The nodes that values hang on, those of `ends` and what they hang on left out. */
export function nodesBefore(
  graph: ValueGraph,
  values: Iterable<string>,
  ends: ReadonlySet<string>,
  follows: (node: Node) => boolean = () => true,
): Set<number> {
  const found = new Set<number>()
  const open = [...values]
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    const node = ends.has(value) ? undefined : graph.producer(value)
    if (node === undefined || found.has(node)) continue
    found.add(node)
    if (follows(graph.nodes[node]!)) open.push(...graph.reads(node))
  }
  return found
}
