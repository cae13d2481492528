import { createRequire } from 'node:module'
import type * as Onnxruntime from 'onnxruntime-common'
import type { TensorData } from './engine.js'
import { runtimePackage } from './runtime-package.js'

// The constructors of the very copy that the native binding was given: a tensor of another copy is none to it.
const runtime = createRequire(import.meta.url)(runtimePackage()) as typeof Onnxruntime

/** onnxruntime's session; its `run` blocks the thread that calls it. */
export const InferenceSession = runtime.InferenceSession
export type InferenceSession = Onnxruntime.InferenceSession

/** onnxruntime's tensor: type, data, dims. */
export const Tensor = runtime.Tensor
export type Tensor = Onnxruntime.Tensor

/** onnxruntime's settings for the whole process. */
export const env = runtime.env

/** Values as onnxruntime's tensor over the same memory. The Node binding takes no bfloat16. */
export function toTensor({ dtype, data, dims }: TensorData): Tensor {
  if (dtype === 'bfloat16') throw new Error('onnxruntime-node takes no bfloat16 tensors')
  return new Tensor(dtype, data as never, dims)
}

/** The same in the other direction. */
export function fromTensor({ type, data, dims }: Tensor): TensorData {
  return { dtype: type, data, dims } as TensorData
}
