import type * as Koffi from 'koffi'

/** The name of C's standard error stream, which is a variable there; null where it is none. */
const streams: Partial<Record<NodeJS.Platform, string>> = { linux: 'stderr', darwin: '__stderrp' }

/**
 * Does something while C's standard error stream leads nowhere. Native code that knows of no levels (Dawn, which WebGPU is made of, and drivers)
 * writes there what no user asked for. This process' own standard error is not touched: Node writes to the descriptor.
 */
export function quietly<T>(koffi: typeof Koffi, act: () => T): T {
  const name = streams[process.platform]
  if (name === undefined) return act()
  const c = koffi.load(null)
  const stream = c.symbol(name)
  const before = koffi.decode(stream, 'void *') as bigint
  const nowhere = c.func('fopen', 'void *', ['str', 'str'])('/dev/null', 'w') as bigint | null
  if (nowhere === null) return act()
  koffi.encode(stream, 'void *', nowhere)
  try {
    return act()
  } finally {
    // the other stream stays open: another thread may be about to write to it
    koffi.encode(stream, 'void *', before)
  }
}
