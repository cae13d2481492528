import type { TensorData } from '../runtime/engine.js'
import type { TokenMasks } from './token-masks.js'

/** Where each row's new tokens stand. One batch is [rows, columns]; shorter rows are padded on the right. */
export interface Layout {
  readonly rows: number
  readonly columns: number
  /** tokens, positions, key_positions, mask and lengths; graphs take those that they need */
  readonly feeds: Readonly<Record<string, TensorData>>
  /** Tokens of each row, from its start, that count where edits act: none of the padding, and no row that is computed in vain. */
  readonly lengths: readonly number[]
  /** Masks of the new tokens [rows * columns], for edits that select positions; null for none. */
  readonly masks: TokenMasks | null
}

/** A vector of int64. */
export function int64(values: readonly number[]): TensorData {
  return { dtype: 'int64', data: BigInt64Array.from(values, BigInt), dims: [values.length] }
}
