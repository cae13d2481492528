import { createContext, Script } from 'node:vm'

const context = createContext(Object.create(null) as { work: () => void })
const script = new Script('work()')

/** Thrown by `withinSeconds`. */
export class TimeLimitError extends Error {}

/**
 * What `work` gives, which must not be asynchronous. Throws TimeLimitError after so many seconds: a regular expression that backtracks without end
 * can be stopped in no other way. A call costs some 0.1 ms.
 */
export function withinSeconds<Result>(seconds: number, work: () => Result): Result {
  const results: Result[] = []
  context.work = () => {
    results.push(work())
  }
  try {
    script.runInContext(context, { timeout: Math.ceil(1000 * seconds) })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw cause
    throw new TimeLimitError(`stopped after ${seconds} s`, { cause })
  }
  return results[0]!
}
