/** Log-probabilities of logits [vocab], in nats, float64. */
export function logSoftmax(logits: Float32Array): Float64Array {
  const max = logits.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
  const sum = logits.reduce((total, value) => total + Math.exp(value - max), 0)
  const normalizer = max + Math.log(sum)
  return Float64Array.from(logits, (value) => value - normalizer)
}
