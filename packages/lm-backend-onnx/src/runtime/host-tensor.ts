import type { Tensor, TensorConstructor } from 'onnxruntime-common'
import type { TensorData } from './engine.js'

/** Values as onnxruntime's tensor over the same memory. Its JavaScript takes no bfloat16. */
export function toTensor(Tensor: TensorConstructor, { dtype, data, dims }: TensorData): Tensor {
  if (dtype === 'bfloat16') throw new Error("onnxruntime's JavaScript takes no bfloat16 tensors")
  return new Tensor(dtype, data as never, dims)
}

/** The same in the other direction. */
export function fromTensor({ type, data, dims }: Tensor): TensorData {
  return { dtype: type, data, dims } as TensorData
}
