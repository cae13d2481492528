import { logSoftmax } from './log-softmax.js'
import { topTokens } from './output-score.js'

/** Tokens that a confidence is the mean of. */
export const confidenceTokens = 20

/**
 * Token confidence of a next-token distribution, in nats: -1/k * sum of log P over the k most likely tokens. The surer the model is of few tokens,
 * the larger. Source: Fu et al. 2025 (Deep Think with Confidence); its change when a latent is amplified is the criterion Delta Token Confidence of
 * Wang et al. 2025 (arXiv 2510.03659).
 */
export function tokenConfidence(logits: Float32Array, k = confidenceTokens): number {
  const logprobs = logSoftmax(logits)
  const tokens = topTokens(logits, k)
  return -tokens.reduce((sum, token) => sum + logprobs[token]!, 0) / tokens.length
}
