import type { FileModel, FileSubgraph, FileTensor } from '../onnx/decode-model.js'
import { elementType, type Node } from '../onnx/encode-model.js'
import { numberAttribute } from '../onnx/read-attribute.js'
import { subgraphsOf } from './value-graph.js'

const { float32, float16, bfloat16 } = elementType
/** Types of weights that are not packed. */
const plainTypes = new Set<number>([float32, float16, bfloat16])

/** What results say of a file. */
export interface FileFacts {
  /** Path in the model's folder or repository. */
  readonly file: string
  readonly producer: string
  readonly opset: number
  /** Numbers of its constants; two of 4 bits in a byte. */
  readonly numParameters: number
  readonly weightBytes: number
  /** What the matrices of MatMulNBits are held in; null for none. */
  readonly quantization: FileQuantization | null
  /** Whether it computes in float16. */
  readonly isHalf: boolean
}

/** How MatMulNBits of a file holds its matrices. */
export interface FileQuantization {
  readonly bits: number
  /** Numbers that share a scale. */
  readonly block: number
  /** What activations are rounded to in products: "float32" or "float16" where they are left as they are. */
  readonly activations: string
}

/** Bytes of a number by TensorProto.DataType. */
export const bytesOfType: Readonly<Record<number, number>> = {
  ...{ 1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2, 17: 1, 18: 1, 19: 1, 20: 1 },
  ...{ 21: 0.5, 22: 0.5 },
}

/** By accuracy_level of MatMulNBits (onnxruntime's ContribOperators.md): the least that activations are rounded to; others leave them. */
const accuracyLevels: Readonly<Record<number, string>> = { 2: 'float16', 3: 'bfloat16', 4: 'int8' }

/** The constants of a graph, and of its branches and bodies. */
export function allTensors({ nodes, tensors }: Pick<FileModel, 'nodes' | 'tensors'>): FileTensor[] {
  return [...tensors, ...nodes.flatMap((node) => subgraphsOf(node).flatMap(allTensors))]
}

/** The nodes of a graph, and of its branches and bodies. */
export function allNodes({ nodes }: Pick<FileSubgraph, 'nodes'>): Node[] {
  return nodes.flatMap((node) => [node, ...subgraphsOf(node).flatMap(allNodes)])
}

/** What a file says of itself; `file` is its path. */
export function factsOf(file: string, model: FileModel): FileFacts {
  const { producer, opset } = model
  const [nodes, tensors] = [allNodes(model), allTensors(model)]
  const bytesOf = ({ type, shape }: FileTensor) =>
    (bytesOfType[type] ?? 0) * shape.reduce((product, dim) => product * dim, 1)
  const packed = nodes.filter(({ op }) => op === 'com.microsoft.MatMulNBits')
  const [first] = packed
  const bits = first === undefined ? null : (numberAttribute(first, 'bits') ?? 4)
  const isHalf = tensors.some(({ type, shape }) => type === float16 && shape.length > 1)
  const inBytes = new Set(packed.map(({ inputs }) => inputs[1]))
  const numbers = tensors.map((tensor) => {
    const count = tensor.shape.reduce((product, dim) => product * dim, 1)
    if (inBytes.has(tensor.name)) return (count * 8) / (bits ?? 8)
    return plainTypes.has(tensor.type) && tensor.shape.length > 0 ? count : 0
  })
  return {
    file,
    producer,
    opset,
    numParameters: numbers.reduce((sum, count) => sum + count, 0),
    weightBytes: tensors.reduce((sum, tensor) => sum + bytesOf(tensor), 0),
    quantization:
      first === undefined || bits === null
        ? null
        : {
            bits,
            block: numberAttribute(first, 'block_size') ?? 32,
            activations:
              accuracyLevels[numberAttribute(first, 'accuracy_level') ?? 0] ?? (isHalf ? 'float16' : 'float32'),
          },
    isHalf,
  }
}
