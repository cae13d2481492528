import { bodyNames } from '../graph/body-inputs.js'
import { cacheGraph, cacheNames, joinGraph, placeGraph, placeNames } from '../graph/cache-graph.js'
import type { GraphForm } from '../graph/graph-form.js'
import type { CacheTensor } from '../graph/layer-cache.js'
import type { Part, TensorData } from '../runtime/engine.js'
import type { DeviceTensor, Feeds, Outputs, Runtime, Session } from '../runtime/runtime.js'
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

/** The cache before a run's tokens, and the one that the run fills, or writes parts of what it would fill to; null for none. The caller owns both. */
export interface CacheUse {
  readonly past: KvCache | null
  readonly keep: KvCache | KvParts | null
}

/** Tokens of a run and their rows and places in a cache; states of the run's rows become those of the rows. */
export interface KvParts {
  readonly into: KvCache
  readonly parts: readonly Part[]
}

/** What rows that are decoded side by side come after. */
export interface DecodeCache {
  /** Keys and values of one row, which all rows share. */
  readonly shared: KvCache
  /** Each row's own. */
  readonly own: KvCache
}

/** Makes caches of some layers. */
export interface KvCaches {
  /** Memory of a row's cache for each token. */
  readonly bytesPerToken: number
  /** Whether rows of a pass come after one copy of what they share; else after one each. */
  readonly sharesPast: boolean
  /** One that a run will fill. */
  make(rows: number, length: number): KvCache
  /** One row and one token of zeros: what is masked, and room may be reserved from it. */
  blank(): KvCache
  /** Columns of two caches of one row each as one without states; see joinGraph. */
  join(first: KvCache, second: KvCache, columns: readonly number[]): KvCache
  /** Rows and columns of a cache, repeated ones too, as a new one; see cacheGraph. */
  pick(from: KvCache, rows: readonly number[], columns: readonly number[]): KvCache
  /** Writes tokens and states of one cache into another, on devices; in host memory, runs do it themselves. */
  place(from: KvCache, parts: KvParts): void
  /** These rows of a cache with room for `capacity` tokens; what stands where there was none yet means nothing. */
  reserve(from: KvCache, rows: readonly number[], capacity: number): KvCache
}

/** The caches of layers with these tensors. */
export function kvCaches(
  tensors: readonly CacheTensor[],
  runtime: Runtime,
  { form, open }: { readonly form: GraphForm; open(model: Uint8Array): Session },
): KvCaches {
  const growing = tensors.filter(({ grows }) => grows)
  let picker: Session | null = null
  let joiner: Session | null = null
  let placer: Session | null = null
  const made = (
    some: readonly CacheTensor[],
    rows: number,
    length: number,
    tensor: (dims: number[]) => DeviceTensor,
  ): KvCache => {
    const all = some.map(({ name, grows, empty }) => {
      const dims = empty(rows)
      return [name, tensor(grows ? dims.with(2, length) : dims)] as const
    })
    return {
      rows,
      length,
      tensors: new Map(all),
      dispose: () => {
        for (const [, tensor] of all) tensor.dispose()
      },
    }
  }
  const make = (rows: number, length: number) => made(tensors, rows, length, (dims) => runtime.tensor('float32', dims))
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
    sharesPast: form.sharesPast,
    bytesPerToken: 4 * growing.reduce((sum, { empty }) => sum + empty(1)[1]! * empty(1)[3]!, 0),
    make,
    blank: () =>
      made(tensors, 1, 1, (dims) => {
        const size = dims.reduce((product, length) => product * length, 1)
        return runtime.upload({ dtype: 'float32', data: new Float32Array(size), dims })
      }),
    join: (first, second, columns) => {
      joiner ??= open(joinGraph(growing))
      const joined = made(growing, 1, columns.length, (dims) => runtime.tensor('float32', dims))
      const feeds: Feeds = {
        ...pastFeeds(growing, 1, first),
        ...sharedFeeds(growing, second),
        [cacheNames.columns]: int64(columns),
      }
      // a failure shows in the runs that use it
      joiner.run(feeds, keptIn(growing, joined)).catch(() => {})
      return joined
    },
    pick,
    place: (from, { into, parts }) => {
      placer ??= open(placeGraph(tensors))
      const fresh = tensors.map((cache) => [cache.fresh, from.tensors.get(cache.name)!])
      const feeds: Feeds = {
        ...pastFeeds(tensors, into.rows, into),
        ...Object.fromEntries(fresh),
        ...placeFeedsOf(parts, from.length, tensors),
      }
      placer.run(feeds, keptIn(tensors, into)).catch(() => {})
    },
    reserve: (from, rows, capacity) => {
      // masked where there is no token: any numbers will do
      const columns = Array.from({ length: capacity }, (_, column) => (column < from.length ? column : 0))
      return pick(from, rows, columns)
    },
  }
}

/** The inputs of placeGraph that say which tokens of a cache of `length` go where. */
function placeFeedsOf(parts: readonly Part[], length: number, tensors: readonly CacheTensor[]): Feeds {
  const rows = int64(parts.map(({ row }) => row))
  const toRows = matrix(
    parts.map(({ toRow }) => toRow),
    [parts.length, 1],
  )
  return {
    ...Object.assign({}, ...headCounts(tensors).map((heads) => vectorsOf(parts, heads, length))),
    ...(tensors.every(({ grows }) => grows) ? {} : { [placeNames.rows]: rows, [placeNames.toRows]: toRows }),
  }
}

/** The different numbers of heads of caches that grow. */
function headCounts(tensors: readonly CacheTensor[]): number[] {
  return [...new Set(tensors.flatMap(({ grows, empty }) => (grows ? [empty(1)[1]!] : [])))]
}

/** Which vectors of caches with so many heads are taken, and where they go. */
function vectorsOf(parts: readonly Part[], heads: number, length: number): Feeds {
  const from: number[] = []
  const to: number[] = []
  for (const { row, at, count, toRow, toAt } of parts)
    for (let place = 0; place < count; place++)
      for (let head = 0; head < heads; head++) {
        from.push((row * heads + head) * length + at + place)
        to.push(toRow, head, toAt + place)
      }
  const tokens = from.length / heads
  return {
    [placeNames.from(heads)]: matrix(from, [tokens, heads]),
    [placeNames.to(heads)]: matrix(to, [tokens, heads, 3]),
  }
}

function matrix(values: readonly number[], dims: readonly number[]): TensorData {
  return { ...int64(values), dims }
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

/** What all rows share, as inputs. */
export function sharedFeeds(caches: readonly CacheTensor[], { tensors }: KvCache): Feeds {
  const growing = caches.filter(({ grows }) => grows)
  return Object.fromEntries(growing.map(({ name, shared }) => [shared, tensors.get(name)!]))
}

/** The outputs that fill a cache, or parts of one. */
export function keptIn(caches: readonly CacheTensor[], keep: KvCache | KvParts): Outputs {
  if ('tensors' in keep)
    return Object.fromEntries(caches.map(({ name, present }) => [present, keep.tensors.get(name)!]))
  const { into, parts } = keep
  return Object.fromEntries(
    caches.map(({ name, present, grows }) => {
      const tensor = into.tensors.get(name)!
      const whole = { at: 0, count: tensor.dims[2]!, toAt: 0 }
      return [present, { into: tensor, parts: grows ? parts : parts.map((part) => ({ ...part, ...whole })) }]
    }),
  )
}

/** Row, head and column `at[row]` of caches for each row's new token, for graphs that write it: int64 [rows, heads, 1, 3] for each number of heads. */
export function cachePlaces(tensors: readonly CacheTensor[], at: readonly number[]): Feeds {
  const ofHeads = (heads: number) => {
    const places = at.flatMap((column, row) => Array.from({ length: heads }, (_, head) => [row, head, column]))
    return matrix(places.flat(), [at.length, heads, 1, 3])
  }
  return Object.fromEntries(headCounts(tensors).map((heads) => [bodyNames.cachePlaces(heads), ofHeads(heads)]))
}
