import type { Value } from '../onnx/graph-builder.js'
import type { ExpertBiases, ExpertLayout } from '../spec/model-spec.js'
import { expertLayout } from '../spec/spec-tensors.js'
import { type ExpertParts, type GateAndUp, gated, type Routed } from './expert-parts.js'
import { expertRanks } from './expert-ranks.js'
import { float32Numbers as numbers } from './float32-numbers.js'
import { mxfp4Nodes } from './mxfp4-nodes.js'
import type { WeightValue } from './weight-values.js'

/**
 * Outputs [tokens * chosen, d] of the chosen experts, where neither sizes nor branches may
 * depend on numbers. Each expert's tokens fill tiles of one size M, the average number of tokens of an expert, so that 2 tiles an expert are
 * always enough, and half of what is computed is used at least. Tiles are computed in a fixed number of products, each with as many matrices as
 * `tileNumbers` allow. No number is compared as an integer: places are float32, exact below 2^24 tokens times experts of a token.
 */
export function expertTiles(parts: ExpertParts, { flat, indices, scales }: Routed, tileNumbers: number): Value {
  const { graph, dModel: d, experts } = parts
  const { count, chosen, dExpert: f } = experts
  const { float, ofRange, filled } = numbers(graph)
  const int = (value: number) => graph.ints([value])
  const sum = (value: Value, axis: number) => graph.node('ReduceSum', [value, graph.ints([axis])], { keepdims: 0 })
  const before = (value: Value) => graph.node('CumSum', [value, graph.ints([0], [])], { exclusive: 1 })
  const index = (value: Value) => graph.node('Cast', [value], { to: 7 })
  const at = (values: Value, places: Value) => graph.node('Gather', [values, places], { axis: 0 })
  const scattered = (size: Value, places: Value, values: Value) =>
    graph.node('ScatterElements', [filled(0, size), places, values], { axis: 0 })

  // sizes, which are arithmetic of shapes
  const tokens = graph.node('Shape', [flat], { start: 0, end: 1 })
  const pairs = graph.node('Mul', [tokens, int(chosen)])
  const size = graph.node('Div', [graph.node('Add', [pairs, int(count - 1)]), int(count)])
  const most = graph.node('Add', [graph.node('Div', [pairs, size]), int(count)])
  const products = Math.max(1, Math.ceil((2 * count * 2 * f * d) / tileNumbers))
  const needed = graph.node('Min', [pairs, most])
  const tiles = graph.node('Div', [graph.node('Add', [needed, int(products - 1)]), int(products)])
  const allTiles = graph.node('Mul', [tiles, int(products)])
  const slots = graph.node('Mul', [allTiles, size])

  // how many pairs, and so tiles, each expert has
  const ids = graph.floats(
    Array.from({ length: count }, (_, expert) => expert),
    [count],
  )
  // WebGPU reshapes no int64
  const ofPair = graph.node('Reshape', [at(ids, indices), int(-1)])
  const expertOfPair = index(ofPair)
  const { ranks, counts } = expertRanks(graph, ofPair, pairs, ids)
  const sizeNumber = float(size)
  // rounded up; half a token keeps an inexact division away from whole numbers
  const padded = graph.node('Add', [counts, graph.node('Sub', [sizeNumber, graph.scalar(0.5)])])
  const tileCounts = graph.node('Floor', [graph.node('Div', [padded, sizeNumber])])
  const firstTile = before(tileCounts)
  const endTile = graph.node('Unsqueeze', [graph.node('Add', [firstTile, tileCounts]), graph.ints([1])])
  const tile = ofRange(allTiles)
  const isAfter = graph.node('Not', [graph.node('Less', [graph.node('Unsqueeze', [tile, graph.ints([0])]), endTile])])
  // tiles that no expert needs are the last expert's
  const ofTile = graph.node('Min', [sum(graph.node('Cast', [isAfter], { to: 1 }), 0), graph.scalar(count - 1)])

  // an expert's pairs go into its tiles one after the other
  const start = graph.node('Mul', [firstTile, sizeNumber])
  const slotOfPair = graph.node('Add', [at(start, expertOfPair), ranks])
  const ofToken = graph.node('Expand', [
    graph.node('Unsqueeze', [ofRange(tokens), graph.ints([1])]),
    graph.node('Concat', [tokens, int(chosen)], { axis: 0 }),
  ])
  const tokenOfPair = graph.node('Reshape', [ofToken, graph.ints([-1])])
  const tokenOfSlot = scattered(slots, index(slotOfPair), tokenOfPair)

  const shape = graph.node('Concat', [int(products), tiles, size, int(d)], { axis: 0 })
  const gathered = at(flat, index(tokenOfSlot))
  const scaled = (values: Value) =>
    graph.node('Mul', [gathered, graph.node('Unsqueeze', [scattered(slots, index(slotOfPair), values), int(1)])])
  const inputs = graph.node('Reshape', [scales === null ? gathered : scaled(scales), shape])
  const experts4 = graph.node('Reshape', [ofTile, graph.node('Concat', [int(products), tiles], { axis: 0 })])
  const split = (value: Value, kind: number) =>
    products === 1
      ? [value]
      : graph.nodes('Split', [value, graph.ints(Array.from({ length: products }, () => 1))], products, { axis: kind })
  const [inputParts, expertPartsOf] = [split(inputs, 0), split(experts4, 0)]
  const multiply = tileMatrices(parts, expertLayout(experts, parts.nodes.weights.has))
  const outputs = inputParts.map((input, product) => {
    const tileInputs = graph.node('Squeeze', [input, graph.ints([0])])
    return multiply(tileInputs, index(graph.node('Squeeze', [expertPartsOf[product]!, graph.ints([0])])))
  })
  const all = outputs.length === 1 ? outputs[0]! : graph.node('Concat', outputs, { axis: 0 })
  return at(graph.node('Reshape', [all, graph.ints([-1, d])]), index(slotOfPair))
}

/** Tiles [G, M, d] through the experts of the tiles, int64 [G]. */
function tileMatrices(
  { graph, nodes, dModel: d, experts }: ExpertParts,
  layout: ExpertLayout,
): (tiles: Value, ofTile: Value) => Value {
  const { count, dExpert: f } = experts
  const { weights, values } = nodes
  const stored = (name: string) => values.place(weights.tensor(name), name)
  const pick = ({ value, type }: WeightValue, ofTile: Value) =>
    values.toFloat({ value: graph.node('Gather', [value, ofTile], { axis: 0 }), type })
  const swap = (value: Value) => graph.node('Transpose', [value], { perm: [0, 2, 1] })
  // the small one of the two is turned: [G, out, in] times [G, in, M]
  const transposed = (tiles: Value, matrices: Value) => swap(graph.node('MatMul', [matrices, swap(tiles)]))
  const plusBias = (value: Value, bias: WeightValue | undefined, ofTile: Value) =>
    bias === undefined
      ? value
      : graph.node('Add', [value, graph.node('Unsqueeze', [pick(bias, ofTile), graph.ints([1])])])
  const biasesOf = ({ gateUp, down }: ExpertBiases) => ({ gateUp: stored(gateUp), down: stored(down) })
  const halves = (value: Value): GateAndUp => {
    const [gate, up] = graph.nodes('Split', [value, graph.ints([f, f])], 2, { axis: -1 })
    return { gate: gate!, up: up! }
  }
  const alternating = (value: Value): GateAndUp => {
    const every = (first: number) =>
      graph.node('Slice', [value, graph.ints([first]), graph.ints([2 * f]), graph.ints([2]), graph.ints([2])])
    return { gate: every(0), up: every(1) }
  }
  const between = (parts: GateAndUp) => gated(graph, nodes, experts, parts)
  switch (layout.kind) {
    case 'separate': {
      const stack = (which: 'gate' | 'up' | 'down') =>
        values.stack(
          Array.from({ length: count }, (_, expert) => weights.tensor(layout.expert(expert)[which].weight)),
          `${layout.expert(0)[which].weight}[all]`,
        )
      const [gates, ups, downs] = [stack('gate'), stack('up'), stack('down')]
      return (tiles, ofTile) => {
        const [gate, up] = [gates, ups].map((matrices) => transposed(tiles, pick(matrices, ofTile)))
        return transposed(between({ gate: gate!, up: up! }), pick(downs, ofTile))
      }
    }
    case 'stacked': {
      const [gateUp, down] = [stored(layout.gateUp), stored(layout.down)]
      return (tiles, ofTile) => transposed(between(halves(transposed(tiles, pick(gateUp, ofTile)))), pick(down, ofTile))
    }
    case 'transposed': {
      const [gateUp, down] = [stored(layout.gateUp), stored(layout.down)]
      const biases = layout.biases === null ? null : biasesOf(layout.biases)
      const parted = layout.order === 'halves' ? halves : alternating
      return (tiles, ofTile) => {
        const first = plusBias(graph.node('MatMul', [tiles, pick(gateUp, ofTile)]), biases?.gateUp, ofTile)
        return plusBias(graph.node('MatMul', [between(parted(first)), pick(down, ofTile)]), biases?.down, ofTile)
      }
    }
    case 'mxfp4': {
      const packed = (name: string) => [stored(`${name}_blocks`), stored(`${name}_scales`)] as const
      const [gateUp, down] = [packed(layout.gateUp), packed(layout.down)]
      const biases = biasesOf(layout.biases)
      const unpack = ([blocks, scales]: typeof gateUp, ofTile: Value, rows: number, columns: number) => {
        const bytes = ({ value }: WeightValue) => graph.node('Gather', [value, ofTile], { axis: 0 })
        return mxfp4Nodes(graph, { blocks: bytes(blocks), scales: bytes(scales), shape: [-1, rows, columns] })
      }
      return (tiles, ofTile) => {
        const first = plusBias(transposed(tiles, unpack(gateUp, ofTile, 2 * f, d)), biases.gateUp, ofTile)
        return plusBias(transposed(between(alternating(first)), unpack(down, ofTile, d, f)), biases.down, ofTile)
      }
    }
  }
}
