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
  const { temperature, topK, topP } = options
  const candidates = mostLikely(logits, topK === null || topK <= 0 ? logits.length : topK)
  const highest = logits[candidates[0]!]!
  const weights = new Float64Array(candidates.length)
  for (const [place, token] of candidates.entries()) weights[place] = Math.exp((logits[token]! - highest) / temperature)
  let kept = candidates.length
  if (topP !== null && topP < 1) {
    // transformers keeps the first token that takes the sum to p or beyond
    let left = topP * sum(weights)
    const last = weights.findIndex((weight) => {
      left -= weight
      return left <= 0
    })
    if (last >= 0) kept = last + 1
  }
  let left = uniform() * sum(weights.subarray(0, kept))
  for (let index = 0; index < kept; index++) {
    left -= weights[index]!
    if (left < 0) return candidates[index]!
  }
  return candidates[kept - 1]!
}

function sum(values: Float64Array): number {
  let total = 0
  for (const value of values) total += value
  return total
}

/**
 * The ids of the `count` largest logits, largest first, the lower id first among equals. Logit and id are sorted as one 64-bit number: a
 * function that compares takes several times as long.
 */
function mostLikely(logits: Float32Array, count: number): Uint32Array {
  const bits = new Int32Array(logits.buffer, logits.byteOffset, logits.length)
  const best = new BigUint64Array(Math.min(2 * count, logits.length))
  // the lower half of each number, then the higher
  const halves = new Uint32Array(best.buffer)
  let filled = 0
  let bound = 2 ** 32
  for (let id = 0; id < logits.length; id++) {
    // a float's bits grow with its size, whatever its sign; -0 and 0 are equal
    const size = bits[id]! < 0 ? -(bits[id]! & 0x7fffffff) : bits[id]!
    const rank = 2 ** 31 - size
    if (rank >= bound) continue
    halves[2 * filled] = id
    halves[2 * filled + 1] = rank
    filled++
    if (filled < best.length || count >= logits.length) continue
    best.sort()
    filled = count
    bound = halves[2 * count - 1]!
  }
  best.subarray(0, filled).sort()
  return new Uint32Array(Math.min(count, filled)).map((_, place) => halves[2 * place]!)
}
