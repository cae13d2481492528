import { logSoftmax } from './log-softmax.js'

/** Tokens of the logit lens that an output score looks at (Arad et al. 2025). */
export const lensTokens = 20

/** The `count` tokens with the largest logits, largest first, of equals the lower id. */
export function topTokens(logits: Float32Array, count: number): number[] {
  const best: number[] = []
  for (let token = 0; token < logits.length; token++) {
    if (best.length === count && logits[token]! <= logits[best[count - 1]!]!) continue
    let at = best.length
    while (at > 0 && logits[best[at - 1]!]! < logits[token]!) at--
    best.splice(at, 0, token)
    if (best.length > count) best.pop()
  }
  return best
}

/**
 * Output score of a latent, from 0 to 1: (1 - r / vocabulary) * p. Of the tokens that stand for the latent, r is the best rank (from 0) and p the
 * largest probability in the next-token distribution while the latent is amplified; `logits` [vocab]. Source: Arad et al. 2025, "SAEs Are Good
 * for Steering - If You Select the Right Features", and their code.
 */
export function outputScore(logits: Float32Array, tokens: readonly number[]): number {
  const largest = Math.max(...tokens.map((token) => logits[token]!))
  const rank = logits.reduce((count, logit) => count + (logit > largest ? 1 : 0), 0)
  const logprobs = logSoftmax(logits)
  return (1 - rank / logits.length) * Math.max(...tokens.map((token) => Math.exp(logprobs[token]!)))
}
