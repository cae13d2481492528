import type { Pass } from '../plan/plan.js'
import type { KvCache } from './layer-range.js'

/**
 * The keys and values of the path that the planner keeps, on the session's thread. Only the path itself and, where several rows come after
 * it, one copy for these are there at a time.
 */
export interface PrefixCache {
  /** Where the pass finds its past, and where it leaves its own keys and values; null for none. */
  cacheOf(pass: Pass): Promise<{ past: string | null; keep: string | null }>
  /** After a pass that keeps: makes its first columns part of the path. */
  extend(pass: Pass, kept: string): Promise<void>
  /** Forgets everything. */
  drop(): Promise<void>
}

let count = 0

interface Stored {
  readonly name: string
  readonly length: number
}

export function prefixCache(cache: KvCache): PrefixCache {
  let path: Stored | null = null
  let spread: (Stored & { readonly rows: number }) | null = null
  const name = () => `path.${count++}`
  const forget = async (stored: Stored | null) => {
    if (stored !== null) await cache.drop(stored.name)
  }
  const replace = async (next: Stored) => {
    const before = path
    path = next
    await forget(before)
    await forget(spread)
    spread = null
  }
  return {
    cacheOf: async (pass) => {
      const keep = pass.keep > 0 ? name() : null
      if (pass.past === 0) return { past: null, keep }
      if (path === null || path.length < pass.past) throw new Error('the pass comes after a path that was not kept')
      if (path.length > pass.past) {
        const next = { name: name(), length: pass.past }
        await cache.pick(path.name, next.name, [0], range(pass.past))
        await replace(next)
      }
      if (pass.rows === 1) return { past: path.name, keep }
      if (spread?.rows !== pass.rows) {
        await forget(spread)
        spread = { name: name(), length: pass.past, rows: pass.rows }
        await cache.pick(path.name, spread.name, Array(pass.rows).fill(0), range(pass.past))
      }
      return { past: spread.name, keep }
    },
    extend: async (pass, kept) => {
      const length = pass.past + pass.keep
      if (pass.keep === pass.columns) return replace({ name: kept, length })
      const next = { name: name(), length }
      await cache.pick(kept, next.name, [0], range(length))
      await cache.drop(kept)
      await replace(next)
    },
    drop: async () => {
      await forget(path)
      await forget(spread)
      path = null
      spread = null
    },
  }
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index)
}
