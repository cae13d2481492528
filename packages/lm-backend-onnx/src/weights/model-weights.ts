import { InputError } from '@saeval/hub'
import type { ModelSpec } from '../spec/model-spec.js'
import type { Checkpoint, StoredTensor } from './checkpoint.js'

/** The tensors of a spec, found in a checkpoint under whatever prefix it uses, with their shapes checked. */
export interface ModelWeights {
  readonly folder: string
  /** The stored tensor of a spec's tensor name. */
  tensor(name: string): StoredTensor
  /** Number of weights, tied ones once. */
  readonly numParameters: number
}

/**
 * Matches a spec with a checkpoint. Throws InputError for a missing tensor, a wrong shape, and for a tensor that the spec
 * does not know: weights that cannot take effect mean that the model would not be computed as it was trained.
 */
export function matchWeights(spec: ModelSpec, checkpoint: Checkpoint, modelName: string): ModelWeights {
  const prefix = spec.prefixes.find((candidate) => checkpoint.tensors.has(candidate + spec.embedding.weight))
  if (prefix === undefined)
    throw new InputError(
      `${modelName} has no tensor ${spec.prefixes[0]}${spec.embedding.weight}: its weights are not those of a ${spec.family} model`,
    )

  // an untied head stands beside the prefixed body
  const stored = (name: string) => checkpoint.tensors.get(prefix + name) ?? checkpoint.tensors.get(name)
  const expected = expectedTensors(spec)
  let numParameters = 0
  for (const [name, shape] of expected) {
    const tensor = stored(name)
    if (!tensor)
      throw new InputError(
        `${modelName} has no tensor ${prefix}${name}; the checkpoint is incomplete or its config.json belongs to another model`,
      )
    if (tensor.shape.join() !== shape.join()) {
      throw new InputError(
        `${modelName}: tensor ${tensor.name} has shape [${tensor.shape}], but config.json asks for [${shape}]`,
      )
    }
    numParameters += shape.reduce((product, size) => product * size, 1)
  }
  for (const name of checkpoint.tensors.keys()) {
    const short = name.startsWith(prefix) ? name.slice(prefix.length) : name
    if (expected.has(short) || spec.ignoredTensors.some((pattern) => pattern.test(short))) continue
    throw new InputError(
      `${modelName}: tensor ${name} has no place in a ${spec.family} model as config.json describes it`,
    )
  }
  return {
    folder: checkpoint.folder,
    numParameters,
    tensor: (name) => {
      const tensor = expected.has(name) ? stored(name) : undefined
      if (!tensor) throw new Error(`tensor ${name} is not part of the ${spec.family} specification`)
      return tensor
    },
  }
}

/** Every tensor the graph reads, with its shape. */
function expectedTensors(spec: ModelSpec): Map<string, readonly number[]> {
  const tensors = new Map<string, readonly number[]>()
  const addNorm = (norm: { weight: string; bias: string | null } | null, width: number) => {
    if (norm === null) return
    tensors.set(norm.weight, [width])
    if (norm.bias !== null) tensors.set(norm.bias, [width])
  }
  tensors.set(spec.embedding.weight, [spec.vocabSize, spec.dModel])
  if (spec.embedding.positions !== null) tensors.set(spec.embedding.positions, [spec.maxPositions, spec.dModel])
  for (let index = 0; index < spec.nLayers; index++) {
    const layer = spec.layer(index)
    for (const norm of [layer.attentionNorm, layer.postAttentionNorm, layer.mlpNorm, layer.postMlpNorm])
      addNorm(norm, spec.dModel)
    if (layer.queryKeyNorm !== null) for (const norm of Object.values(layer.queryKeyNorm)) addNorm(norm, spec.dHead)
    const attention = 'fused' in layer.qkv ? [layer.qkv.fused] : [layer.qkv.q, layer.qkv.k, layer.qkv.v]
    const { up, gate, down } = layer.mlp
    for (const linear of [...attention, layer.attentionOutput, up, ...(gate ? [gate] : []), down]) {
      const { weight, bias, layout, inFeatures, outFeatures } = linear
      tensors.set(weight, layout === 'out_in' ? [outFeatures, inFeatures] : [inFeatures, outFeatures])
      if (bias !== null) tensors.set(bias, [outFeatures])
    }
  }
  addNorm(spec.finalNorm, spec.dModel)
  tensors.set(spec.unembedding, [spec.vocabSize, spec.dModel])
  return tensors
}
