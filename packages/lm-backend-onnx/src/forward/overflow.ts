import { InputError } from '@saeval/hub'

// the largest float32: the norm before the unembedding sums squares
const mostSquares = (2 - 2 ** -23) * 2 ** 127

/**
 * Whether a hidden state (row `row` of [rows, width], before the final norm) is beyond float32: NaN, infinite, or so long that its squares
 * overflow. The norm makes NaN or zeros of such a state, and every token then has the same logit.
 */
export function overflows(hidden: Float32Array, row: number, width: number): boolean {
  let squares = 0
  for (let at = row * width; at < (row + 1) * width; at++) squares += hidden[at]! * hidden[at]!
  return !(squares <= mostSquares)
}

/** Throws InputError for hidden states [rows, width] of which one is beyond float32: what the model would answer means nothing. */
export function checkOverflow(hidden: Float32Array, width: number): void {
  for (let row = 0; row < hidden.length / width; row++) {
    if (overflows(hidden, row, width))
      throw new InputError(
        "the model's activations overflow float32, so its answers would mean nothing: lower the coefficients of the steering; without steering, the weights are damaged",
      )
  }
}
