import { setTimeout as wait } from 'node:timers/promises'
import type { ClaimState, Claims, OwnClaim } from './claims.js'

/** How one waits for an item that another process has. */
export interface TurnOptions {
  /** Whether there is nothing left to do, by another's work. */
  readonly isDone: () => boolean
  readonly signal?: AbortSignal | undefined
  /** Told once of who has it. */
  readonly onWait?: (state: ClaimState) => void
}

const milliseconds = { first: 100, longest: 5000 }

/** Claims an item as soon as nobody has it; null where it is done by then. Waits longer and longer, each process in a rhythm of its own. */
export async function claimInTurn(
  claims: Claims,
  item: string,
  { isDone, signal, onWait = () => {} }: TurnOptions,
): Promise<OwnClaim | null> {
  for (let pause = milliseconds.first; ; pause = longer(pause)) {
    signal?.throwIfAborted()
    if (isDone()) return null
    const claim = claims.take(item)
    if ('release' in claim) return claim
    if (pause === milliseconds.first) onWait(claim)
    await pauseOf(pause, signal)
  }
}

/** How one does items that other processes do too. */
export interface TurnsOptions<Item> {
  readonly nameOf: (item: Item) => string
  /** Whether there is nothing left to do of an item, by another's work. */
  readonly isDone: (item: Item) => boolean
  /** How often it has failed. What fails while another process has it is left: here it would fail, too. */
  readonly failures?: (item: Item) => number
  readonly signal?: AbortSignal | undefined
  /** Told when others have all that is left for the first time: how many, and the first of them. */
  readonly onWait?: (left: number, first: Item, state: ClaimState) => void
}

/**
 * Calls back with each item while this process has it. Those that others have come last, when they have let go of them or are dead: it ends when every item is
 * done, was here once, or has failed elsewhere meanwhile. Waits longer and longer, each process in a rhythm of its own. Gives those that have failed elsewhere.
 */
export async function eachInTurn<Item>(
  claims: Claims,
  items: readonly Item[],
  { nameOf, isDone, failures = () => 0, signal, onWait }: TurnsOptions<Item>,
  use: (item: Item) => Promise<void>,
): Promise<Item[]> {
  const failed: Item[] = []
  const failuresBefore = new Map<Item, number>()
  let isSaid = false
  let pause = milliseconds.first
  for (let left = items; ; ) {
    const others: Item[] = []
    let first: ClaimState | null = null
    for (const item of left) {
      signal?.throwIfAborted()
      if (isDone(item)) continue
      if (failures(item) > (failuresBefore.get(item) ?? Number.POSITIVE_INFINITY)) {
        failed.push(item)
        continue
      }
      const claim = claims.take(nameOf(item))
      if ('release' in claim) {
        await use(item).finally(claim.release)
        pause = milliseconds.first
      } else {
        first ??= claim
        others.push(item)
        if (!failuresBefore.has(item)) failuresBefore.set(item, failures(item))
      }
    }
    left = others
    if (first === null) return failed
    if (!isSaid) onWait?.(left.length, left[0]!, first)
    isSaid = true
    await pauseOf(pause, signal)
    pause = longer(pause)
  }
}

function longer(pause: number): number {
  return Math.min(milliseconds.longest, pause * 1.5)
}

async function pauseOf(pause: number, signal?: AbortSignal): Promise<void> {
  await wait(pause * (0.75 + Math.random() / 2), null, signal ? { signal } : {})
}
