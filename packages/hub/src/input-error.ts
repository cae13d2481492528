import { SentenceError } from './sentence.js'

const marker = Symbol.for('saeval.input-error')

/**
 * Something the user gave cannot be used: a name, a file, an option, a row.
 * The message is one sentence that names the thing and says what to do; the command line prints it and exits with 2.
 * Every other error is a failure (exit 1).
 */
export class InputError extends SentenceError {
  readonly [marker] = true
  override name = 'InputError'

  /** True for an InputError of any copy of this package, where `instanceof` sees only its own. */
  static isInstance(error: unknown): error is InputError {
    return typeof error === 'object' && error !== null && marker in error
  }
}
