import { tokenInputs } from '../graph/body-inputs.js'
import type { CacheTensor } from '../graph/layer-cache.js'
import type { TensorData } from '../runtime/engine.js'
import type { Feeds, Stored } from '../runtime/protocol.js'
import type { ModelSpec } from '../spec/model-spec.js'
import type { TokenMasks } from './token-masks.js'

/** Where each row's new tokens stand. One batch is [rows, columns]; shorter rows are padded on the right. */
export interface Layout {
  readonly rows: number
  readonly columns: number
  /** Cached tokens before the new ones. */
  readonly past: number
  /** tokens, positions, key_positions, mask and lengths, as far as the model takes them */
  readonly feeds: Feeds
  /** Tokens of each row, from its start, that count where edits act: none of the padding, and no row that is computed in vain. */
  readonly lengths: readonly number[]
  /** Masks of the new tokens [rows * columns], for edits that select positions; null for none. */
  readonly masks: TokenMasks | null
}

/** Those of the feeds that the model's graphs take; a segment [from, to) may take fewer than the whole. */
export function tokenFeeds(spec: ModelSpec, feeds: Feeds, from = 0, to = Number.POSITIVE_INFINITY): Feeds {
  const needed = tokenInputs(spec, from, to)
  return Object.fromEntries(Object.entries(feeds).filter(([name]) => needed.has(name)))
}

/** The cache before the new tokens: what an earlier run left under that name, or that of no tokens. */
export function pastFeeds(caches: readonly CacheTensor[], rows: number, past: string | null): Feeds {
  return Object.fromEntries(
    caches.map((cache): [string, TensorData | Stored] => {
      if (past !== null) return [cache.past, { stored: `${past}.${cache.name}` }]
      const dims = cache.empty(rows)
      const size = dims.reduce((product, length) => product * length, 1)
      return [cache.past, { dtype: 'float32', data: new Float32Array(size), dims }]
    }),
  )
}

/** A vector of int64. */
export function int64(values: readonly number[]): TensorData {
  return { dtype: 'int64', data: BigInt64Array.from(values, BigInt), dims: [values.length] }
}
