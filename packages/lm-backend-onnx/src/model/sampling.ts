/** Uniform numbers in [0, 1) from a 32-bit seed (mulberry32, public domain by Tommy Ettinger); the same everywhere. */
export function seededUniform(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export interface SamplingOptions {
  readonly temperature: number
  /** Keep the k most likely tokens; null keeps all. */
  readonly topK: number | null
  /** Keep the smallest set of most likely tokens whose probabilities reach p; null keeps all. */
  readonly topP: number | null
}

/** Draws a token from logits [vocab]: temperature, then top-k, then top-p, in transformers' order. */
export function sampleToken(logits: Float32Array, options: SamplingOptions, uniform: () => number): number {
  const order = Array.from(logits.keys()).sort((a, b) => logits[b]! - logits[a]! || a - b)
  const candidates = options.topK === null || options.topK <= 0 ? order : order.slice(0, options.topK)
  const highest = logits[candidates[0]!]!
  const weights = candidates.map((token) => Math.exp((logits[token]! - highest) / options.temperature))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let kept = candidates.length
  if (options.topP !== null && options.topP < 1) {
    // transformers keeps the first token that takes the sum to p or beyond
    let left = options.topP * total
    const last = weights.findIndex((weight) => {
      left -= weight
      return left <= 0
    })
    if (last >= 0) kept = last + 1
  }
  let left = uniform() * weights.slice(0, kept).reduce((sum, weight) => sum + weight, 0)
  for (let index = 0; index < kept; index++) {
    left -= weights[index]!
    if (left < 0) return candidates[index]!
  }
  return candidates[kept - 1]!
}
