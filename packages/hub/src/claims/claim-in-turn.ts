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
  for (let pause = milliseconds.first; ; pause = Math.min(milliseconds.longest, pause * 1.5)) {
    signal?.throwIfAborted()
    if (isDone()) return null
    const claim = claims.take(item)
    if ('release' in claim) return claim
    if (pause === milliseconds.first) onWait(claim)
    await wait(pause * (0.75 + Math.random() / 2), null, signal ? { signal } : {})
  }
}
