import type {
  Attention,
  DeltaNet,
  ExpertLayout,
  Experts,
  LayerSpec,
  Linear,
  Mlp,
  ModelSpec,
  Norm,
} from './model-spec.js'

export type TensorShapes = Map<string, readonly number[]>

/** Every tensor that the graph of a spec reads, with its shape. `has` says which of the names a checkpoint holds. */
export function specTensors(spec: ModelSpec, has: (name: string) => boolean): TensorShapes {
  const shapes: TensorShapes = new Map()
  shapes.set(spec.embedding.weight, [spec.vocabSize, spec.dModel])
  if (spec.embedding.positions !== null) shapes.set(spec.embedding.positions, [spec.maxPositions, spec.dModel])
  for (let index = 0; index < spec.nLayers; index++) addLayer(shapes, spec, spec.layer(index), has)
  addNorm(shapes, spec.finalNorm, spec.dModel)
  shapes.set(spec.unembedding, [spec.vocabSize, spec.dModel])
  return shapes
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

function addLayer(shapes: TensorShapes, spec: ModelSpec, layer: LayerSpec, has: (name: string) => boolean): void {
  for (const norm of [layer.attentionNorm, layer.postAttentionNorm, layer.mlpNorm, layer.postMlpNorm])
    addNorm(shapes, norm, spec.dModel)
  if (layer.attention.kind === 'softmax') addAttention(shapes, spec, layer.attention)
  else addDeltaNet(shapes, layer.attention)
  addLinear(shapes, layer.attentionOutput)
  if (layer.mlp.kind === 'dense') addMlp(shapes, layer.mlp)
  else addExperts(shapes, spec.dModel, layer.mlp, has)
}

function addNorm(shapes: TensorShapes, norm: Norm | null, width: number): void {
  if (norm === null) return
  shapes.set(norm.weight, [width])
  if (norm.bias !== null) shapes.set(norm.bias, [width])
}

function addLinear(shapes: TensorShapes, { weight, bias, layout, inFeatures, outFeatures }: Linear): void {
  shapes.set(weight, layout === 'out_in' ? [outFeatures, inFeatures] : [inFeatures, outFeatures])
  if (bias !== null) shapes.set(bias, [outFeatures])
}

function addAttention(shapes: TensorShapes, spec: ModelSpec, { qkv, queryKeyNorm, sinks }: Attention): void {
  for (const linear of 'fused' in qkv ? [qkv.fused] : [qkv.q, qkv.k, qkv.v]) addLinear(shapes, linear)
  if (queryKeyNorm !== null) for (const norm of Object.values(queryKeyNorm)) addNorm(shapes, norm, spec.dHead)
  if (sinks !== null) shapes.set(sinks, [spec.nHeads])
}

function addDeltaNet(shapes: TensorShapes, deltaNet: DeltaNet): void {
  const { qkv, gate, beta, decay, convolution, kernel, nValueHeads, norm, dValue } = deltaNet
  for (const linear of [qkv, gate, beta, decay.linear]) addLinear(shapes, linear)
  shapes.set(convolution, [qkv.outFeatures, 1, kernel])
  shapes.set(decay.log, [nValueHeads])
  shapes.set(decay.bias, [nValueHeads])
  addNorm(shapes, norm, dValue)
}

function addMlp(shapes: TensorShapes, { up, gate, down }: Mlp): void {
  for (const linear of [up, ...(gate ? [gate] : []), down]) addLinear(shapes, linear)
}

function addExperts(shapes: TensorShapes, d: number, experts: Experts, has: (name: string) => boolean): void {
  const { router, count: E, dExpert: f, shared } = experts
  addLinear(shapes, router)
  if (shared !== null) {
    addMlp(shapes, shared.mlp)
    addLinear(shapes, shared.gate)
  }
  const layout = expertLayout(experts, has)
  switch (layout.kind) {
    case 'separate':
      for (let index = 0; index < E; index++) {
        const { gate, up, down } = layout.expert(index)
        for (const linear of [gate, up, down]) addLinear(shapes, linear)
      }
      return
    case 'stacked':
      shapes.set(layout.gateUp, [E, 2 * f, d])
      shapes.set(layout.down, [E, d, f])
      return
    case 'transposed':
      shapes.set(layout.gateUp, [E, d, 2 * f])
      shapes.set(layout.down, [E, f, d])
      break
    case 'mxfp4':
      shapes.set(`${layout.gateUp}_blocks`, [E, 2 * f, d / 32, 16])
      shapes.set(`${layout.gateUp}_scales`, [E, 2 * f, d / 32])
      shapes.set(`${layout.down}_blocks`, [E, d, f / 32, 16])
      shapes.set(`${layout.down}_scales`, [E, d, f / 32])
      break
  }
  shapes.set(layout.gateUpBias, [E, 2 * f])
  shapes.set(layout.downBias, [E, d])
}
