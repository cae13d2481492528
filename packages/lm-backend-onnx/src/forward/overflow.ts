import { InputError } from '@saeval/hub'

/**
 * Whether a hidden state is beyond float32, from the sum of its squares, which the final norm takes too: where it is NaN or infinite, the norm
 * makes NaN or zeros of the state, and every token then has the same logit.
 */
export function overflows(squares: number): boolean {
  return !Number.isFinite(squares)
}

/** Throws InputError where one of several hidden states is beyond float32: what the model would answer means nothing. */
export function checkOverflow(squares: Float32Array): void {
  if (squares.some(overflows)) throw overflowError()
}

/** What the user is told of it. */
export function overflowError(): InputError {
  return new InputError(
    "the model's activations overflow float32, so its answers would mean nothing: lower the coefficients of the steering; without steering, the weights are damaged",
  )
}
