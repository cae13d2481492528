import { InputError } from '@saeval/hub'
import { shown } from '@saeval/hub/checks'
import type { ElementType } from '../onnx/encode-model.js'
import type { ModelSpec } from '../spec/model-spec.js'
import { specTensors } from '../spec/spec-tensors.js'
import { type Checkpoint, type StoredTensor, tensorRows } from './checkpoint.js'
import type { Precision } from './precision.js'
import type { Residence } from './residence.js'

/** The tensors of a spec, found in a checkpoint under whatever prefix it uses, with their shapes checked. */
export interface StoredWeights {
  readonly folder: string
  /** The stored tensor of a spec's tensor name. */
  tensor(name: string): StoredTensor
  /** Part `index` of a tensor along its first axis, as a tensor of its own in the same file. */
  slice(name: string, index: number): StoredTensor
  /** Rows [start, end) of a tensor, as a tensor of its own in the same file. */
  rows(name: string, start: number, end: number): StoredTensor
  /** Whether the checkpoint has a tensor of that name of a spec. */
  has(name: string): boolean
  /** Number of weights, tied ones once. */
  readonly numParameters: number
}

/** Stored weights and how the model holds them. */
export interface ModelWeights extends StoredWeights {
  readonly precision: Precision
  readonly residence: Residence
  /** The matrices of products in 8 or 4 bits; null where they are as stored. */
  readonly quantized: QuantizedMatrices | null
  /** Types in which a device holds tensors, by their names in the file, where they are not those of the graph's form: numbers beyond float16. */
  readonly kept?: ReadonlyMap<string, ElementType>
}

/** Matrices in the layout of onnxruntime's MatMulNBits. */
export interface QuantizedMatrices {
  readonly bits: 4 | 8
  /** Codes [out, blocks, bytes] and scales [out * blocks] of a matrix. */
  matrix(wanted: {
    readonly weight: string
    readonly layout: 'out_in' | 'in_out'
    readonly inFeatures: number
    readonly outFeatures: number
  }): { readonly codes: StoredTensor; readonly scales: StoredTensor }
}

/**
 * Matches a spec with a checkpoint. Throws InputError for a missing tensor, a wrong shape, and for a tensor that the spec
 * does not know: weights that cannot take effect mean that the model would not be computed as it was trained.
 */
export function matchWeights(spec: ModelSpec, checkpoint: Checkpoint, modelName: string): StoredWeights {
  const prefix = spec.prefixes.find((candidate) => checkpoint.tensors.has(candidate + spec.embedding.weight))
  if (prefix === undefined)
    throw new InputError(
      `${modelName} has no tensor ${spec.prefixes[0]}${spec.embedding.weight}: its weights are not those of a ${spec.family} model`,
    )

  // an untied head stands beside the body: "model.language_model.", "model." and "" are tried in turn
  const places = [prefix, prefix.replace(/[^.]+\.$/, ''), '']
  const stored = (name: string) => {
    const place = places.find((candidate) => checkpoint.tensors.has(candidate + name))
    return place === undefined ? undefined : checkpoint.tensors.get(place + name)
  }
  const has = (name: string) => stored(name) !== undefined
  const expected = new Set<string>()
  const used = new Set<string>()
  let numParameters = 0
  for (const [name, shape] of specTensors(spec, has)) {
    if (expected.has(name)) continue
    expected.add(name)
    const tensor = stored(name)
    if (!tensor)
      throw new InputError(
        `${modelName} has no tensor ${prefix}${name}; the checkpoint is incomplete or its config.json belongs to another model`,
      )
    if (tensor.shape.join() !== shape.join()) {
      throw new InputError(
        `${modelName}: tensor ${tensor.name} has shape ${shown(tensor.shape)}, but config.json asks for ${shown(shape)}`,
      )
    }
    if ((tensor.type === 'uint8') !== isPacked(name))
      throw new InputError(
        `${modelName}: tensor ${tensor.name} is stored as ${tensor.type}, which config.json does not say`,
      )
    used.add(tensor.name)
    numParameters += weightsIn(name, shape)
  }
  for (const { name, type } of checkpoint.tensors.values()) {
    const short = name.startsWith(prefix) ? name.slice(prefix.length) : name
    if (used.has(name) || spec.ignoredTensors.some((pattern) => pattern.test(short))) continue
    // masks and other buffers of integers are no weights
    if (type === 'uint8' && !isPacked(name)) continue
    throw new InputError(
      `${modelName}: tensor ${name} has no place in a ${spec.family} model as config.json describes it`,
    )
  }
  const tensor = (name: string) => {
    const found = expected.has(name) ? stored(name) : undefined
    if (!found) throw new Error(`tensor ${name} is not part of the ${spec.family} specification`)
    return found
  }
  return {
    folder: checkpoint.folder,
    numParameters,
    tensor,
    has,
    slice: (name, index) => {
      const whole = tensor(name)
      const [count, ...shape] = whole.shape as [number, ...number[]]
      const byteLength = whole.byteLength / count
      return { ...whole, name: `${name}[${index}]`, shape, offset: whole.offset + index * byteLength, byteLength }
    },
    rows: (name, start, end) => {
      const whole = tensor(name)
      return tensorRows(whole, whole.shape[0]!, start, end)
    },
  }
}

/** Tensors of 4-bit numbers and their scales are stored as bytes. */
function isPacked(name: string): boolean {
  return name.endsWith('_blocks') || name.endsWith('_scales')
}

/** Two numbers in a byte of blocks; scales are no weights of their own. */
function weightsIn(name: string, shape: readonly number[]): number {
  if (name.endsWith('_scales')) return 0
  return shape.reduce((product, size) => product * size, name.endsWith('_blocks') ? 2 : 1)
}
