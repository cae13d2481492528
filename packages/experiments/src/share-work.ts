import { createHash } from 'node:crypto'
import { type ClaimedOptions, eachClaimed } from './each-claimed.js'

/** Does something with each of some things, whose ids are their own among all that are done in a folder. */
export type Each = <Thing extends { readonly id: string }>(
  things: readonly Thing[],
  use: (thing: Thing) => Promise<void>,
) => Promise<void>

/** A short name for a file, of any text. */
export function claimId(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

/** One after the other, by this process alone. */
export const eachInTurn: Each = async (things, use) => {
  for (const thing of things) await use(thing)
}

/**
 * Divides the things among the processes that work on a folder: each is done by one of them, and then by the others, who find its answers there. One that waits says so once.
 */
export function eachShared(folder: string, options: ClaimedOptions): Each {
  let isSaid = false
  const onNotice: ClaimedOptions['onNotice'] = (line, kind) => {
    if (!isSaid) options.onNotice?.(line, kind)
    isSaid = true
  }
  return (things, use) => eachClaimed(folder, things, { ...options, onNotice }, use)
}
