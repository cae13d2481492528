/** Threads of a process that take turns: 0 while nobody computes, 1 while one does. */
export type Turns = Int32Array

/** Turns that threads share when they are given them. */
export function newTurns(): Turns {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
}

/** Does something while no other thread with these turns does; the thread waits for its turn. Without turns, at once. */
export async function inTurn<T>(turns: Turns | null, act: () => T | Promise<T>): Promise<T> {
  if (turns === null) return act()
  while (Atomics.compareExchange(turns, 0, 0, 1) !== 0) Atomics.wait(turns, 0, 1)
  try {
    return await act()
  } finally {
    Atomics.store(turns, 0, 0)
    Atomics.notify(turns, 0, 1)
  }
}
