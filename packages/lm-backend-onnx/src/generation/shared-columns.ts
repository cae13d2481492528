import type { KvCache, KvCaches } from '../forward/kv-cache.js'
import { type SharedRange, upwards } from './shared-beginnings.js'

/** A range, and the keys and values of all tokens up to its end. */
interface KeptRange {
  readonly range: SharedRange
  readonly cache: KvCache
}

/** Keys and values of the ranges that rows come after, side by side, and where each range stands. */
interface SharedCache {
  readonly cache: KvCache
  /** First column of each range. */
  readonly starts: ReadonlyMap<SharedRange, number>
  /** Position of each column's token in its text. */
  readonly positions: BigInt64Array
}

/**
 * What prompts share, on the device: the path of ranges to the prompts at hand, for those that are computed next, and all ranges that rows under way
 * come after, side by side, for their decoding. Where one path is all there is, the two are the same memory.
 */
export class SharedColumns {
  readonly #caches: KvCaches
  readonly #blank: KvCache
  readonly #path: KeptRange[] = []
  #shared: SharedCache

  constructor(caches: KvCaches, blank: KvCache) {
    this.#caches = caches
    this.#blank = blank
    this.#shared = { cache: blank, starts: new Map(), positions: new BigInt64Array(1) }
  }

  /** What all rows share; one masked column where they share nothing. */
  get shared(): SharedCache {
    return this.#shared
  }

  /** Tokens that are kept. */
  get tokens(): number {
    const kept = new Set([this.#shared.cache, ...this.#path.map(({ cache }) => cache)])
    return [...kept].reduce((sum, { length }) => sum + length, 0)
  }

  /**
   * The cache of everything up to the end of a range; `compute` makes that of a range after its parent's (the caller's to dispose of until it is
   * returned). Called in the order of sharedBeginnings, so that each range is computed once.
   */
  async enter(
    range: SharedRange | null,
    compute: (range: SharedRange, past: KvCache | null) => Promise<KvCache>,
  ): Promise<KvCache | null> {
    const wanted = [...upwards(range)].reverse()
    const common = wanted.findIndex((one, depth) => this.#path[depth]?.range !== one)
    const left = this.#path.splice(common < 0 ? wanted.length : common)
    for (const { cache } of left) this.#release(cache)
    for (const next of wanted.slice(this.#path.length))
      this.#path.push({ range: next, cache: await compute(next, this.#path.at(-1)?.cache ?? null) })
    return this.#path.at(-1)?.cache ?? null
  }

  /** Puts the range that was entered last beside those of the rows under way. */
  show(live: Iterable<SharedRange | null>): void {
    const top = this.#path.at(-1)
    if (top === undefined || this.#shared.starts.has(top.range)) return
    const path = [...upwards(top.range)]
    const others = new Set([...live].flatMap((range) => [...upwards(range)]).filter((range) => !path.includes(range)))
    if (others.size === 0) {
      const starts = new Map(path.map((range) => [range, range.from]))
      this.#replace({ cache: top.cache, starts, positions: positionsOf(0, top.cache.length) })
      return
    }
    const { cache, starts: before, positions } = this.#shared
    const starts = new Map<SharedRange, number>()
    const columns: number[] = []
    const found: bigint[] = []
    const put = (range: SharedRange, from: number) => {
      starts.set(range, columns.length)
      for (let at = 0; at < range.to - range.from; at++) {
        columns.push(from + at)
        found.push(BigInt(range.from + at))
      }
    }
    for (const [range, start] of before) if (others.has(range) || path.includes(range)) put(range, start)
    for (const range of path) if (!starts.has(range)) put(range, positions.length + range.from)
    const joined = this.#caches.join(cache, top.cache, columns)
    this.#replace({ cache: joined, starts, positions: BigInt64Array.from(found) })
  }

  dispose(): void {
    for (const { cache } of this.#path.splice(0)) this.#release(cache)
    this.#replace({ cache: this.#blank, starts: new Map(), positions: new BigInt64Array(1) })
  }

  #replace(next: SharedCache): void {
    const { cache } = this.#shared
    this.#shared = next
    this.#release(cache)
  }

  #release(cache: KvCache): void {
    if (cache === this.#blank || cache === this.#shared.cache) return
    if (!this.#path.some((kept) => kept.cache === cache)) cache.dispose()
  }
}

function positionsOf(from: number, to: number): BigInt64Array {
  return BigInt64Array.from({ length: to - from }, (_, at) => BigInt(from + at))
}
