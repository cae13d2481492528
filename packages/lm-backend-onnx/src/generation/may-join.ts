import type { Forward } from '../forward/forward.js'
import type { BatchSize } from '../plan/token-budget.js'
import type { WaitingRow } from './running-rows.js'
import { upwards } from './shared-beginnings.js'

// texts that are written side by side under batch_size auto: the weights are read once for all of them
const automaticRows = 32
// memory of their caches, where nobody says how much there is
const defaultCacheBytes = 2 ** 30

/** What texts that are written side by side may take. */
export interface RowLimits {
  readonly rows: number
  /** Tokens whose keys and values are kept, shared ones once. */
  readonly tokens: number
}

/** The limits of --batch_size: so many rows whatever they take, or as many as is worth it and as there is memory for on the device. */
export function rowLimits(batchSize: BatchSize, { cache, room }: Pick<Forward, 'cache' | 'room'>): RowLimits {
  if (typeof batchSize === 'number') return { rows: batchSize, tokens: Number.POSITIVE_INFINITY }
  return {
    rows: Math.min(automaticRows, batchSize.most),
    tokens: Math.floor((room?.caches ?? defaultCacheBytes) / cache.bytesPerToken),
  }
}

/** Whether a row may join those under way, whose caches may all become as long as the longest of them; one always may. */
export function mayJoin({ rows, tokens }: RowLimits, live: readonly WaitingRow[], next: WaitingRow): boolean {
  if (live.length === 0) return true
  if (live.length >= rows) return false
  const all = [...live, next]
  const ranges = new Set(all.flatMap(({ shared }) => [...upwards(shared)]))
  const shared = [...ranges].reduce((sum, { from, to }) => sum + to - from, 0)
  return shared + all.length * Math.max(...all.map(({ most }) => most)) <= tokens
}
