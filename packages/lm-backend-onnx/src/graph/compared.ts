import type { TensorData } from '../runtime/engine.js'
import type { GraphForm } from './graph-form.js'

/** A vector of whole numbers below 2^24 in the type in which graphs of a form compare them. */
export function compared({ comparisons }: Pick<GraphForm, 'comparisons'>, values: readonly number[]): TensorData {
  const dims = [values.length]
  if (comparisons === 'float32') return { dtype: 'float32', data: Float32Array.from(values), dims }
  return { dtype: 'int64', data: BigInt64Array.from(values, BigInt), dims }
}
