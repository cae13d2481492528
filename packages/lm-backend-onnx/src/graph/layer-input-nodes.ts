import type { GraphBuilder, Value } from '../onnx/graph-builder.js'
import type { LayerInput, LayerInputs, ModelSpec } from '../spec/model-spec.js'
import { bodyNames } from './body-inputs.js'
import type { WeightNodes } from './weight-nodes.js'

/** What the layers add of their own, [B, T, n_layers * width], from the tokens and their scaled embedding [B, T, d_model]. */
export function layerInputNodes(
  graph: GraphBuilder,
  nodes: WeightNodes,
  { width, table, tableFactor, projection, projectionFactor, norm, factor }: LayerInputs,
  embedding: Value,
): Value {
  const scaled = (value: Value, by: number) => graph.node('Mul', [value, graph.scalar(by)])
  const rows = scaled(nodes.lookup(table, graph.inputOnce(bodyNames.tokens, 'int64', ['B', 'T'])), tableFactor)
  const projected = scaled(nodes.linear(embedding, projection), projectionFactor)
  const perLayer = graph.node('Reshape', [projected, graph.ints([0, 0, -1, width])])
  const normed = graph.node('Reshape', [nodes.norm(perLayer, norm), graph.ints([0, 0, projection.outFeatures])])
  return scaled(graph.node('Add', [normed, rows]), factor)
}

const end = 2 ** 31 - 1

/** The last `width` numbers: of the layers that are still to come, however many a graph has begun with. */
export function layerRest(graph: GraphBuilder, inputs: Value, width: number): Value {
  return graph.node('Slice', [inputs, graph.ints([-width]), graph.ints([end]), graph.ints([2])])
}

/** The part of one layer [B, T, width], of the inputs of any number of layers up to the last. */
export function layerPart(
  graph: GraphBuilder,
  { nLayers, layerInputs }: ModelSpec,
  inputs: Value,
  layer: number,
): Value {
  const { width } = layerInputs!
  const from = -(nLayers - layer) * width
  const to = layer === nLayers - 1 ? end : from + width
  return graph.node('Slice', [inputs, graph.ints([from]), graph.ints([to]), graph.ints([2])])
}

/** The stream after a layer's MLP with its own part added: stream + norm(projection(act(gate(stream)) * part)). */
export function withLayerInput(
  graph: GraphBuilder,
  nodes: WeightNodes,
  { gate, activation, projection, postNorm }: LayerInput,
  stream: Value,
  part: Value,
): Value {
  const active = nodes.activation(nodes.linear(stream, gate), activation)
  const projected = nodes.linear(graph.node('Mul', [active, part]), projection)
  return graph.node('Add', [stream, nodes.norm(projected, postNorm)])
}
