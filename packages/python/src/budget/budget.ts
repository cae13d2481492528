import { PythonError } from '../values/python-error.js'

/**
 * What one template may take for one document: milliseconds, turns (of loops, items of iterators, calls of macros), bytes of all values it
 * makes, the width of a padded text or number.
 */
const limits = { milliseconds: 5000, turns: 5_000_000, bytes: 400_000_000, width: 1_000_000 } as const
/** Turns between two looks at the clock, and bytes of a value that are worth a look. */
const look = { turns: 1024, bytes: 1_000_000 } as const

let [turns, bytes, deadline] = [0, 0, Number.POSITIVE_INFINITY]

/** Begins the work on one document. */
export function startWork(): void {
  turns = bytes = 0
  deadline = Date.now() + limits.milliseconds
}

/** Counts a turn. Throws PythonError where there are too many or they take too long. */
export function takeTurn(): void {
  if (++turns % look.turns !== 0) return
  if (turns > limits.turns) throw new PythonError('TimeoutError', `it takes more than ${limits.turns} turns of loops`)
  lookAtClock()
}

function lookAtClock(): void {
  if (Date.now() <= deadline) return
  throw new PythonError('TimeoutError', `it takes more than ${limits.milliseconds / 1000} s`)
}

/** Counts a value that is about to be made, in bytes. Throws PythonError where a document's values are too many or too large. */
export function makeRoom(size: number): void {
  bytes += size
  if (!(bytes <= limits.bytes)) {
    bytes = 0
    throw new PythonError('MemoryError', `it makes values of more than ${limits.bytes / 1e6} MB`)
  }
  if (size > look.bytes) lookAtClock()
}

/** A width or a number of digits, checked. Throws PythonError. */
export function checkWidth(width: number): number {
  if (width > limits.width) throw new PythonError('MemoryError', `the width ${width} is more than ${limits.width}`)
  return width
}

/** What JavaScript throws where recursion is too deep or a value too large, as Python has it; any other error as it is. */
export function asPython(error: unknown): unknown {
  if (!(error instanceof RangeError)) return error
  if (/call stack/.test(error.message)) return new PythonError('RecursionError', 'maximum recursion depth exceeded')
  return new PythonError('MemoryError', 'a value is too large')
}
