import type { Experts, LayerSpec, Mlp, ModelSpec } from '../spec/model-spec.js'
import type { PassWork } from './pass-limits.js'

/** What a token takes in the graphs that are built from a specification. */
export function passWork(spec: ModelSpec): PassWork {
  return {
    bytesPerToken: bytesPerToken(spec),
    heads: mostHeads(spec),
    cellsPerToken: cellsPerToken(spec.dModel, spec.layer(0).attentionOutput.inFeatures),
    textsAtOnce: null,
    isCut: true,
  }
}

/**
 * A token's matrix products in cells of attention. A layer multiplies a token with about 12 d_model^2 weights, a cell costs two products
 * of d_head in each head, and onnxruntime's attention was measured to do a quarter as many of them in the same time.
 */
export function cellsPerToken(dModel: number, widthOfHeads: number): number {
  return (12 * dModel * dModel) / (8 * widthOfHeads)
}

/** What a token holds at once on its way through a layer, roughly: a few residual-sized vectors, queries to values, the MLP's inside. */
function bytesPerToken(spec: ModelSpec): number {
  const { dModel, nLayers, layerInputs } = spec
  // of all layers at once
  const inputs = layerInputs === null ? 0 : 3 * nLayers * layerInputs.width
  return 4 * (6 * dModel + inputs + Math.max(...layersOf(spec).map(insideOf)))
}

/** Numbers of a token inside a layer: from queries to values, and of the MLP. */
function insideOf({ attention, mlp, expertsBeside }: LayerSpec): number {
  const inner = (part: Mlp | Experts) =>
    part.kind === 'dense'
      ? part.down.inFeatures
      : part.chosen * part.dExpert + (part.shared === null ? 0 : part.shared.mlp.down.inFeatures)
  const mixed =
    attention.kind === 'softmax'
      ? (2 * attention.nHeads + 2 * attention.nKvHeads) * attention.dHead
      : 2 * attention.qkv.outFeatures
  return mixed + 3 * (inner(mlp) + (expertsBeside === null ? 0 : inner(expertsBeside.experts)))
}

function mostHeads(spec: ModelSpec): number {
  return Math.max(1, ...layersOf(spec).map(({ attention }) => (attention.kind === 'softmax' ? attention.nHeads : 0)))
}

function layersOf(spec: ModelSpec): LayerSpec[] {
  return Array.from({ length: spec.nLayers }, (_, index) => spec.layer(index))
}
