import type { ModelSpec } from '../spec/model-spec.js'
import type { ModelWeights } from '../weights/model-weights.js'

/** The form that graphs take for a runtime. The builders ask nothing else about what will compute them. */
export interface GraphForm {
  /** Products with the transpose of a stored matrix: onnxruntime's own operator of the CPU, or the standard's, which takes two axes. */
  readonly transposedProducts: 'fused_matmul' | 'gemm'
  /** Softmax attention: the operator, or products and a softmax, which every provider has. */
  readonly attention: 'operator' | 'written_out'
}

/** For the CPU. */
export const cpuForm: GraphForm = { transposedProducts: 'fused_matmul', attention: 'operator' }

/** For devices. Their attention operators leave soft-caps, masks or float32 out, or run on the CPU (docs/internals/graph.md). */
export const deviceForm: GraphForm = { transposedProducts: 'gemm', attention: 'written_out' }

/** What every graph of a model is built from. */
export interface GraphOptions {
  readonly spec: ModelSpec
  readonly weights: ModelWeights
  readonly form: GraphForm
}
