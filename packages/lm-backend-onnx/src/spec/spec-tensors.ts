import type {
  Attention,
  DeltaNet,
  ExpertLayout,
  Experts,
  LayerInputs,
  LayerSpec,
  Linear,
  ModelSpec,
  Norm,
} from './model-spec.js'
import { mlpLinears, qkvLinears } from './spec-linears.js'

/** A tensor's name and shape. */
type TensorShape = readonly [name: string, shape: readonly number[]]

/**
 * Every tensor that the graph of a spec reads, with its shape; a tied one twice. `has` says which of the names a checkpoint holds. One after the other:
 * what a configuration claims may be more than fits into memory.
 */
export function* specTensors(spec: ModelSpec, has: (name: string) => boolean): Generator<TensorShape> {
  yield [spec.embedding.weight, [spec.vocabSize, spec.dModel]]
  if (spec.embedding.positions !== null) yield [spec.embedding.positions, [spec.maxPositions, spec.dModel]]
  if (spec.layerInputs !== null) yield* layerInputTensors(spec.layerInputs)
  for (let index = 0; index < spec.nLayers; index++) yield* layerTensors(spec, spec.layer(index), has)
  yield* normTensors(spec.finalNorm, spec.dModel)
  yield [spec.unembedding, [spec.vocabSize, spec.dModel]]
}

/** The layout in which a checkpoint stores the experts of a layer. */
export function expertLayout({ layouts }: Experts, has: (name: string) => boolean): ExpertLayout {
  return layouts.find((layout) => has(firstTensor(layout))) ?? layouts[0]!
}

function firstTensor(layout: ExpertLayout): string {
  switch (layout.kind) {
    case 'separate':
      return layout.expert(0).down.weight
    case 'mxfp4':
      return `${layout.down}_blocks`
    default:
      return layout.down
  }
}

function* layerInputTensors({ table, rows, projection, norm, width }: LayerInputs): Generator<TensorShape> {
  yield [table, [rows, projection.outFeatures]]
  yield* linearTensors(projection)
  yield* normTensors(norm, width)
}

function* layerTensors(spec: ModelSpec, layer: LayerSpec, has: (name: string) => boolean): Generator<TensorShape> {
  for (const norm of [layer.attentionNorm, layer.postAttentionNorm, layer.mlpNorm, layer.postMlpNorm])
    yield* normTensors(norm, spec.dModel)
  if (layer.attention.kind === 'softmax') yield* attentionTensors(layer.attention)
  else yield* deltaNetTensors(layer.attention)
  yield* linearTensors(layer.attentionOutput)
  if (layer.mlp.kind === 'dense') yield* linearTensors(...mlpLinears(layer.mlp))
  else yield* expertTensors(spec.dModel, layer.mlp, has)
  if (layer.expertsBeside !== null) {
    const { norm, experts, routerGain, postNorm, postMlpNorm } = layer.expertsBeside
    yield [routerGain, [spec.dModel]]
    for (const each of [norm, postNorm, postMlpNorm]) yield* normTensors(each, spec.dModel)
    yield* expertTensors(spec.dModel, experts, has)
  }
  if (layer.input !== null) {
    yield* linearTensors(layer.input.gate, layer.input.projection)
    yield* normTensors(layer.input.postNorm, spec.dModel)
  }
  if (layer.outputFactor !== null) yield [layer.outputFactor, [1]]
}

function* normTensors(norm: Norm | null, width: number): Generator<TensorShape> {
  if (norm === null) return
  yield [norm.weight, [width]]
  if (norm.bias !== null) yield [norm.bias, [width]]
}

function* linearTensors(...linears: readonly (Linear | null)[]): Generator<TensorShape> {
  for (const linear of linears) {
    if (linear === null) continue
    const { weight, bias, layout, inFeatures, outFeatures } = linear
    yield [weight, layout === 'out_in' ? [outFeatures, inFeatures] : [inFeatures, outFeatures]]
    if (bias !== null) yield [bias, [outFeatures]]
  }
}

function* attentionTensors(attention: Attention): Generator<TensorShape> {
  const { queryKeyNorm, sinks, nHeads, nKvHeads, dHead } = attention
  yield* linearTensors(...qkvLinears(attention))
  if (queryKeyNorm !== null) {
    const { q, k, over } = queryKeyNorm
    yield* normTensors(q === 'no_weight' ? null : q, dHead * (over === 'head' ? 1 : nHeads))
    yield* normTensors(k === 'no_weight' ? null : k, dHead * (over === 'head' ? 1 : nKvHeads))
  }
  if (sinks !== null) yield [sinks, [nHeads]]
}

function* deltaNetTensors(deltaNet: DeltaNet): Generator<TensorShape> {
  const { qkv, gate, beta, decay, convolution, kernel, nValueHeads, norm, dValue } = deltaNet
  yield* linearTensors(qkv, gate, beta, decay.linear)
  yield [convolution, [qkv.outFeatures, 1, kernel]]
  yield [decay.log, [nValueHeads]]
  yield [decay.bias, [nValueHeads]]
  yield* normTensors(norm, dValue)
}

function* expertTensors(d: number, experts: Experts, has: (name: string) => boolean): Generator<TensorShape> {
  const { router, weightFactors, count: E, dExpert: f, shared } = experts
  yield* linearTensors(router)
  if (weightFactors !== null) yield [weightFactors, [E]]
  if (shared !== null) yield* linearTensors(...mlpLinears(shared.mlp), shared.gate)
  const layout = expertLayout(experts, has)
  switch (layout.kind) {
    case 'separate':
      for (let index = 0; index < E; index++) {
        const { gate, up, down } = layout.expert(index)
        yield* linearTensors(gate, up, down)
      }
      return
    case 'stacked':
      yield [layout.gateUp, [E, 2 * f, d]]
      yield [layout.down, [E, d, f]]
      return
    case 'transposed':
      yield [layout.gateUp, [E, d, 2 * f]]
      yield [layout.down, [E, f, d]]
      break
    case 'mxfp4':
      yield [`${layout.gateUp}_blocks`, [E, 2 * f, d / 32, 16]]
      yield [`${layout.gateUp}_scales`, [E, 2 * f, d / 32]]
      yield [`${layout.down}_blocks`, [E, d, f / 32, 16]]
      yield [`${layout.down}_scales`, [E, d, f / 32]]
      break
  }
  if (layout.biases === null) return
  yield [layout.biases.gateUp, [E, 2 * f]]
  yield [layout.biases.down, [E, d]]
}
