import type { Pass } from '../plan/plan.js'
import type { KvCache } from './layer-range.js'

/**
 * The keys and values of the prefix that the planner keeps, on the session's thread. Only the prefix itself and, where several rows come after
 * it, one copy for these are there at a time.
 */
export interface PrefixCache {
  /** Where the pass finds its past, and where it leaves its own keys and values; null for none. */
  cacheOf(pass: Pass): Promise<{ past: string | null; keep: string | null }>
  /** After a pass that keeps: makes its first columns part of the prefix. */
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
  let prefix: Stored | null = null
  let spread: (Stored & { readonly rows: number }) | null = null
  const name = () => `prefix.${count++}`
  const forget = async (stored: Stored | null) => {
    if (stored !== null) await cache.drop(stored.name)
  }
  const replace = async (next: Stored) => {
    const before = prefix
    prefix = next
    await forget(before)
    await forget(spread)
    spread = null
  }
  return {
    cacheOf: async (pass) => {
      const keep = pass.keep > 0 ? name() : null
      if (pass.past === 0) return { past: null, keep }
      if (prefix === null || prefix.length < pass.past)
        throw new Error('the pass comes after a prefix that was not kept')
      if (prefix.length > pass.past) {
        const next = { name: name(), length: pass.past }
        await cache.pick(prefix.name, next.name, [0], range(pass.past))
        await replace(next)
      }
      if (pass.rows === 1) return { past: prefix.name, keep }
      if (spread?.rows !== pass.rows) {
        await forget(spread)
        spread = { name: name(), length: pass.past, rows: pass.rows }
        await cache.pick(prefix.name, spread.name, Array(pass.rows).fill(0), range(pass.past))
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
      await forget(prefix)
      await forget(spread)
      prefix = null
      spread = null
    },
  }
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index)
}
