import { logSoftmax } from './log-softmax.js'

/**
 * Kullback and Leibler's divergence of one next-token distribution from another, in nats, by their logits [vocab]: sum of p (log p - log q), p being
 * `from` (the unsteered model's). 0 where they are the same; what the second gives no chance and the first does costs most.
 */
export function klDivergence(from: Float32Array, to: Float32Array): number {
  const [p, q] = [logSoftmax(from), logSoftmax(to)]
  // tokens without any probability add nothing, and would be 0 times infinity
  return p.reduce(
    (sum, value, token) => (value === Number.NEGATIVE_INFINITY ? sum : sum + Math.exp(value) * (value - q[token]!)),
    0,
  )
}
