import type { ElementType } from '../onnx/encode-model.js'
import type { Provider } from '../runtime/protocol.js'
import type { ModelSpec } from '../spec/model-spec.js'
import type { ModelWeights } from '../weights/model-weights.js'
import type { Compute } from '../weights/precision.js'

/** The form that graphs take for a runtime: plain data. The builders ask nothing else about what will compute them. */
export interface GraphForm {
  /** Weights are constants that onnxruntime reads from their files, or inputs that the caller binds: one copy for all sessions of a device. */
  readonly weights: 'constants' | 'inputs'
  /** Types in which inputs hold weights of other types: what a device has no kernels for. */
  readonly storage: Readonly<Partial<Record<ElementType, ElementType>>>
  /** Bytes that one weight may have; null for any number. */
  readonly pieceBytes: number | null
  /** Products with the transpose of a stored matrix: onnxruntime's own operator of the CPU, or the standard's, which takes two axes. */
  readonly transposedProducts: 'fused_matmul' | 'gemm'
  /** What activations are rounded to before products with matrices of 8 bits: the CPU has no other fast way. */
  readonly activationsOf8Bits: 'int8' | 'float32'
  /** Products of layers with matrices: in float32, or of bfloat16 numbers, whose result is bfloat16 too. */
  readonly products: 'float32' | 'bfloat16'
  /** Softmax attention: the operator, or products and a softmax, which every provider has. */
  readonly attention: 'operator' | 'written_out'
  /** Whether rows of a pass after a kept prefix attend to one copy of it; else each row has one. */
  readonly sharesPast: boolean
  /** Positions, lengths and target ids are compared as int64, or the caller gives them as float32: WebGPU computes no int64. */
  readonly comparisons: 'int64' | 'float32'
  /** Cosines and sines of positions are computed, or rows of tables that the caller gives. */
  readonly rotary: 'computed' | 'tables'
  /** Whether decoding writes a token's keys and values into the cache inside the graph, or the caller does. */
  readonly decoding: 'caller_writes' | 'graph_writes'
  /** Numbers of the unembedding that are float32 at a time. */
  readonly headNumbers: number
  /** The operator, or products that are as exact for large negative numbers: WebGPU's is off by a thousandth at -10. */
  readonly softplus: 'operator' | 'written_out'
  /** The largest of a row, and where it is: ReduceMax and ArgMax, or TopK, which needs no cuDNN and no int64. */
  readonly largest: 'reductions' | 'topk'
  /** Experts: a branch each, taken when it has tokens; or tiles of equal size, of whose matrices so many numbers are float32 at a time. */
  readonly experts: 'branches' | { readonly tileNumbers: number }
}

/** For the CPU. */
export const cpuForm: GraphForm = {
  weights: 'constants',
  pieceBytes: null,
  storage: {},
  transposedProducts: 'fused_matmul',
  activationsOf8Bits: 'int8',
  products: 'float32',
  attention: 'operator',
  sharesPast: false,
  comparisons: 'int64',
  rotary: 'computed',
  decoding: 'caller_writes',
  // 8 MB, which caches hold
  headNumbers: 2 ** 21,
  softplus: 'operator',
  largest: 'reductions',
  experts: 'branches',
}

const deviceForm: GraphForm = {
  weights: 'inputs',
  pieceBytes: null,
  storage: {},
  transposedProducts: 'gemm',
  activationsOf8Bits: 'float32',
  products: 'float32',
  attention: 'written_out',
  sharesPast: true,
  comparisons: 'float32',
  rotary: 'tables',
  decoding: 'graph_writes',
  // 256 MB and 512 MB
  headNumbers: 2 ** 26,
  softplus: 'operator',
  largest: 'topk',
  experts: { tileNumbers: 2 ** 27 },
}

/** For CUDA. Its fast attention takes 16-bit numbers only; what is left for float32 is what is written out here. */
export const cudaForm: GraphForm = deviceForm

/** For WebGPU, which has no bfloat16. What is larger than a buffer ends the process. */
export const webgpuForm: GraphForm = {
  ...deviceForm,
  storage: { bfloat16: 'float16' },
  pieceBytes: 2 ** 31,
  softplus: 'written_out',
}

/** The form for a provider that computes in something. */
export function formOf({ name }: Provider, compute: Compute): GraphForm {
  const form = { cpu: cpuForm, webgpu: webgpuForm, cuda: cudaForm }[name]
  if (compute !== 'bfloat16') return form
  return { ...form, products: 'bfloat16', storage: { float32: 'bfloat16', float16: 'bfloat16' } }
}

/** What every graph of a model is built from. */
export interface GraphOptions {
  readonly spec: ModelSpec
  readonly weights: ModelWeights
  readonly form: GraphForm
}

/** Tokens whose logits are there at a time where the vocabulary goes by in parts. */
export function vocabularyPart({ dModel, vocabSize }: ModelSpec, { headNumbers }: GraphForm): number {
  return Math.min(vocabSize, Math.max(1, Math.floor(headNumbers / dModel)))
}
