import { Unsupported } from './unsupported.js'

let left = Number.POSITIVE_INFINITY

/**
 * Runs Python's statements with so many turns of loops and calls of functions. What needs more is left to CPython, which runs on a thread of
 * its own: here a loop without an end could not even be interrupted.
 */
export function withTurns<Result>(turns: number, work: () => Result): Result {
  const before = left
  left = turns
  try {
    return work()
  } finally {
    left = before
  }
}

/** Counts one turn. Throws Unsupported where there were too many. */
export function countTurn(): void {
  left--
  if (left < 0) throw new Unsupported('a loop that goes on and on')
}
