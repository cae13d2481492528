import type { Pass } from '../plan/plan.js'
import type { CacheUse, KvCache, KvCaches } from './kv-cache.js'

/**
 * The keys and values of the prefix that the planner keeps, on the device. Only the prefix itself and, where several rows come after it and do not
 * share it, one copy for these are there at a time.
 */
export interface PrefixCache {
  /** What the pass comes after, and what it fills; `extend` comes before the next call. */
  cacheOf(pass: Pass): CacheUse
  /** After the run of a pass that keeps: makes its first columns part of the prefix. */
  extend(pass: Pass): void
  /** Forgets everything. */
  dispose(): void
}

export function prefixCache(cache: KvCaches): PrefixCache {
  let prefix: KvCache | null = null
  let spread: KvCache | null = null
  let filled: KvCache | null = null
  const replace = (next: KvCache) => {
    prefix?.dispose()
    spread?.dispose()
    prefix = next
    spread = null
  }
  const pastOf = (pass: Pass): KvCache | null => {
    if (pass.past === 0) return null
    if (prefix === null || prefix.length < pass.past) throw new Error('the pass comes after a prefix that was not kept')
    if (prefix.length > pass.past) replace(cache.pick(prefix, [0], range(pass.past)))
    if (pass.rows === 1 || cache.sharesPast) return prefix
    if (spread?.rows !== pass.rows) {
      spread?.dispose()
      spread = cache.pick(prefix, Array(pass.rows).fill(0), range(pass.past))
    }
    return spread
  }
  return {
    cacheOf: (pass) => {
      const past = pastOf(pass)
      filled = pass.keep > 0 ? cache.make(pass.rows, pass.past + pass.columns) : null
      return { past, keep: filled }
    },
    extend: (pass) => {
      const whole = filled!
      filled = null
      if (pass.keep === pass.columns) return replace(whole)
      replace(cache.pick(whole, [0], range(pass.past + pass.keep)))
      whole.dispose()
    },
    dispose: () => {
      for (const held of [prefix, spread, filled]) held?.dispose()
      prefix = spread = filled = null
    },
  }
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index)
}
