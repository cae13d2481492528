import { setImmediate } from 'node:timers/promises'

/** Milliseconds that work may take before others run: what is printed, and the handlers of signals. */
const turn = 50
let last = 0

/** To be awaited now and then in long work: lets others run where it is their turn. Throws the signal's reason once it is aborted. */
export async function takeTurns(signal: AbortSignal | undefined): Promise<void> {
  if (performance.now() - last > turn) {
    await setImmediate()
    last = performance.now()
  }
  signal?.throwIfAborted()
}
