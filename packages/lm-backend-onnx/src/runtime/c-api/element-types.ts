import type { TensorData, TensorDtype } from '../engine.js'

/** Numbers of ONNXTensorElementDataType. */
export const elementTypes: Readonly<Record<TensorDtype, number>> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
}

/** The type of a number of ONNXTensorElementDataType. Throws for those that no graph of ours has. */
export function dtypeOf(elementType: number): TensorDtype {
  for (const [dtype, number] of Object.entries(elementTypes)) if (number === elementType) return dtype as TensorDtype
  throw new Error(`onnxruntime gave a tensor of element type ${elementType}`)
}

const arrays = {
  float32: Float32Array,
  uint8: Uint8Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
} as const

/** Bytes of an element. */
export function elementBytes(dtype: TensorDtype): number {
  return arrays[dtype].BYTES_PER_ELEMENT
}

/** Number of elements of a tensor. */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, size) => product * size, 1)
}

/** Bytes, in the machine's order, as a tensor's values: a view where they are aligned. */
export function tensorData(dtype: TensorDtype, dims: readonly number[], bytes: ArrayBuffer): TensorData {
  return { dtype, dims, data: new arrays[dtype](bytes) } as TensorData
}
