import type { FileTensor } from '../onnx/decode-model.js'
import { elementType, type Node } from '../onnx/encode-model.js'
import { GraphBuilder, type Value } from '../onnx/graph-builder.js'
import type { ExportedFile } from './exported-file.js'
import type { Place } from './find-skeleton.js'
import type { PreparedGraph } from './prepared-file.js'
import { renameValues } from './rename-values.js'
import { nodesBefore, subgraphsOf } from './value-graph.js'

/** Nodes of a file in a graph that is being built. Values of the file can be replaced before they are read. */
export interface FileNodes {
  readonly graph: GraphBuilder
  /** What the nodes of a place read there, as [batch, pos, width] in float32. */
  activation(place: Place): Value
  /** Lets the nodes of a place read another activation. */
  replace(place: Place, activation: Value): void
  /** A value of the file in float32. */
  inFloat(value: string): Value
  /** Gives a value of the file, which it computes no more: an input, or a lane. `of` is float32 or int64. */
  give(value: string, of: Value): void
  /** Does not compute a value of the file any more: what stands for it is read. */
  end(value: string): void
  /** Takes over what values hang on, up to those that are given; `each` is told of every value when it is there. */
  take(values: readonly string[], each?: (value: string) => void): void
}

/** `like` makes a value whose shape begins with batch and pos. */
export function fileNodes(exported: ExportedFile, { values, types }: PreparedGraph, like: () => Value): FileNodes {
  const graph = new GraphBuilder(exported.versions)
  /** Value of the file -> what stands for it: for all nodes, or for some. */
  const standing = new Map<string, { for: ReadonlySet<number> | null; value: Value }[]>()
  const given = new Set<string>()
  const { float32 } = elementType
  const typeOf = (value: string) => types.get(value) ?? float32
  const current = (value: string, node: number | null): Value =>
    standing.get(value)?.findLast((item) => item.for === null || (node !== null && item.for.has(node)))?.value ?? value
  const ofPlace = ({ value, only }: Place) => {
    const [some] = only ?? []
    return current(value, some ?? null)
  }
  const stand = (value: string, only: ReadonlySet<number> | null, by: Value) =>
    standing.set(value, [...(standing.get(value) ?? []), { for: only, value: by }])
  const cast = (value: Value, from: number, to: number) => (from === to ? value : graph.node('Cast', [value], { to }))
  let leading: Value | null = null
  const leadingSizes = () => {
    leading ??= graph.node('Shape', [like()], { start: 0, end: 2 })
    return leading
  }
  const placeTensor = (tensor: FileTensor) => {
    const { name, stored, type, shape } = tensor
    graph.initializer(stored === null ? { name, type, shape, data: exported.bytesOf(tensor) } : { name, stored })
  }
  const placeInside = (node: Node) => {
    // constants of branches are constants of the graph around them
    for (const { nodes, tensors } of subgraphsOf(node)) {
      for (const tensor of tensors) placeTensor(tensor)
      for (const inner of nodes) placeInside(inner)
    }
  }

  return {
    graph,
    inFloat: (value) => cast(current(value, null), typeOf(value), float32),
    activation: (place) => {
      const value = cast(ofPlace(place), typeOf(place.value), float32)
      if (!place.flat) return value
      return graph.node('Reshape', [
        value,
        graph.node('Concat', [leadingSizes(), graph.ints([place.width])], { axis: 0 }),
      ])
    },
    replace: ({ value, only, flat, width }, activation) => {
      const laid = flat ? graph.node('Reshape', [activation, graph.ints([-1, width])]) : activation
      stand(value, only, cast(laid, float32, typeOf(value)))
    },
    end: (value) => {
      given.add(value)
    },
    give: (value, of) => {
      given.add(value)
      stand(value, null, of)
    },
    take: (wanted, each = () => {}) => {
      const needed = nodesBefore(values, wanted, given)
      for (const value of given) each(value)
      for (const index of [...needed].sort((a, b) => a - b)) {
        const node = values.nodes[index]!
        for (const name of values.reads(index)) {
          const tensor = values.tensors.get(name)
          if (tensor !== undefined) placeTensor(tensor)
        }
        placeInside(node)
        graph.fileNode(renameValues(node, (value) => current(value, index)))
        for (const output of node.outputs) if (output !== '') each(output)
      }
    },
  }
}
