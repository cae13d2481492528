import { logSoftmax } from './log-softmax.js'
import { topTokens } from './output-score.js'

/** Tokens that a confidence is the mean of: Wang et al. 2025 choose 1. */
export const confidenceTokens = 1

/**
 * Token confidence of a next-token distribution, in nats: -1/k * sum of log P over the k most likely tokens (Fu et al. 2025, Deep Think with Confidence). With k = 1
 * it is the smaller the surer the model is of its most likely token. Its change when a latent is amplified is Delta Token Confidence (Wang et al. 2025, arXiv
 * 2510.03659, appendix D), by which they take the latents of both ends.
 */
export function tokenConfidence(logits: Float32Array, k = confidenceTokens): number {
  const logprobs = logSoftmax(logits)
  const tokens = topTokens(logits, k)
  return -tokens.reduce((sum, token) => sum + logprobs[token]!, 0) / tokens.length
}
