import { cacheGraph, cacheNames } from '../graph/cache-graph.js'
import type { CacheTensor } from '../graph/layer-cache.js'
import type { TensorData } from '../runtime/engine.js'
import type { DeviceTensor, Feeds, Runtime, Session } from '../runtime/runtime.js'
import type { ModelSpec } from '../spec/model-spec.js'
import { int64 } from './layout.js'

/** What layers hand on from the tokens so far to the next ones, on the device; whoever made it owns it. */
export interface KvCache {
  readonly rows: number
  /** Tokens that there is room for. */
  readonly length: number
  /** By the names of CacheTensor. */
  readonly tensors: ReadonlyMap<string, DeviceTensor>
  dispose(): void
}

/** The cache before a run's tokens, and the one that the run fills; null for none. The caller owns both. */
export interface CacheUse {
  readonly past: KvCache | null
  readonly keep: KvCache | null
}

/** Makes caches of some layers. */
export interface KvCaches {
  /** Memory of a row's cache for each token. */
  readonly bytesPerToken: number
  /** One that a run will fill. */
  make(rows: number, length: number): KvCache
  /** Rows and columns of a cache, repeated ones too, as a new one; see cacheGraph. */
  pick(from: KvCache, rows: readonly number[], columns: readonly number[]): KvCache
  /** These rows of a cache with room for `capacity` tokens; what stands where there was none yet means nothing. */
  reserve(from: KvCache, rows: readonly number[], capacity: number): KvCache
}

/** The caches of layers with these tensors. */
export function kvCaches(
  { nKvHeads, dHead }: ModelSpec,
  tensors: readonly CacheTensor[],
  runtime: Runtime,
  open: (model: Uint8Array) => Session,
): KvCaches {
  const growing = tensors.filter(({ grows }) => grows)
  let picker: Session | null = null
  const make = (rows: number, length: number): KvCache => {
    const made = tensors.map(({ name, grows, empty }): [string, DeviceTensor] => {
      const dims = empty(rows)
      return [name, runtime.tensor('float32', grows ? dims.with(2, length) : dims)]
    })
    return {
      rows,
      length,
      tensors: new Map(made),
      dispose: () => {
        for (const [, tensor] of made) tensor.dispose()
      },
    }
  }
  const pick = (from: KvCache, rows: readonly number[], columns: readonly number[]): KvCache => {
    picker ??= open(cacheGraph(tensors))
    const picked = make(rows.length, columns.length)
    const feeds: Feeds = {
      ...pastFeeds(tensors, rows.length, from),
      [cacheNames.rows]: int64(rows),
      ...(growing.length === 0 ? {} : { [cacheNames.columns]: int64(columns) }),
    }
    // a failure shows in the runs that use it
    picker.run(feeds, keptIn(tensors, picked)).catch(() => {})
    return picked
  }
  return {
    bytesPerToken: 4 * growing.length * nKvHeads * dHead,
    make,
    pick,
    reserve: (from, rows, capacity) => {
      // masked where there is no token: any numbers will do
      const columns = Array.from({ length: capacity }, (_, column) => (column < from.length ? column : 0))
      return pick(from, rows, columns)
    },
  }
}

/** The cache before the new tokens as inputs: that of an earlier run, or that of no tokens. */
export function pastFeeds(caches: readonly CacheTensor[], rows: number, past: KvCache | null): Feeds {
  return Object.fromEntries(
    caches.map((cache) => {
      if (past !== null) return [cache.past, past.tensors.get(cache.name)!]
      const dims = cache.empty(rows)
      const size = dims.reduce((product, length) => product * length, 1)
      return [cache.past, { dtype: 'float32', data: new Float32Array(size), dims }]
    }),
  )
}

/** The outputs that fill a cache. */
export function keptIn(caches: readonly CacheTensor[], { tensors }: KvCache): Record<string, DeviceTensor> {
  return Object.fromEntries(caches.map(({ name, present }) => [present, tensors.get(name)!]))
}

/** Row, head and column `at` of a cache for each row's new token, for graphs that write it: int64 [rows, n_kv_heads, 1, 3]. */
export function cachePlaces({ nKvHeads }: ModelSpec, rows: number, at: number): TensorData {
  const places = Array.from({ length: rows * nKvHeads }, (_, i) => [Math.floor(i / nKvHeads), i % nKvHeads, at])
  return { dtype: 'int64', data: BigInt64Array.from(places.flat(), BigInt), dims: [rows, nKvHeads, 1, 3] }
}
