import type { DecodingSettings } from './resolve-settings.js'

/** The most likely token, the first one among equals; as torch.argmax, what is no number counts as most likely. */
export function argmax(logits: Float32Array): number {
  let best = 0
  for (let id = 1; id < logits.length; id++) {
    if (Number.isNaN(logits[best]!)) break
    if (!(logits[id]! <= logits[best]!)) best = id
  }
  return best
}

export interface SamplingOptions extends DecodingSettings {
  readonly temperature: number
}

/** Tokens that may be drawn, most likely first, and their probabilities up to a common factor. */
export interface Candidates {
  readonly ids: ArrayLike<number>
  readonly weights: Float64Array
}

/**
 * What a token is drawn from: logits [vocab], which it changes, through temperature, top_h, top_k, top_p, min_p, typical_p, epsilon_cutoff and
 * eta_cutoff, by transformers 5.18's rules and in its order (logits_process.py). Throws Error where no token is left.
 */
export function candidates(logits: Float32Array, options: SamplingOptions): Candidates {
  const { temperature, top_h, top_k, top_p, min_p, typical_p, epsilon_cutoff, eta_cutoff } = options
  if (temperature !== 1) for (let id = 0; id < logits.length; id++) logits[id]! /= temperature
  let kept = pick(logits, mostLikely(logits, top_h === undefined ? (top_k ?? logits.length) : topHTokens))
  if (!Number.isFinite(logits[kept.ids[0]!]!)) throw new Error('the settings of generation leave no token to choose')
  if (top_h !== undefined) {
    kept = select(kept, withinEntropy(kept, top_h))
    if (top_k)
      kept = select(kept, (index) => index < top_k || logits[kept.ids[index]!] === logits[kept.ids[top_k - 1]!])
  }
  if (top_p !== undefined) {
    const total = sum(kept.weights)
    let above = 0
    kept = select(kept, (index, weight) => {
      const keep = index === 0 || above < top_p * total
      above += weight
      return keep
    })
  }
  if (min_p !== undefined) kept = select(kept, (_, weight, most) => weight >= min_p * most)
  if (typical_p !== undefined) kept = select(kept, typical(kept, typical_p))
  if (epsilon_cutoff !== undefined) kept = select(kept, likelier(kept, epsilon_cutoff))
  if (eta_cutoff !== undefined)
    kept = select(kept, likelier(kept, Math.min(eta_cutoff, Math.sqrt(eta_cutoff) * Math.exp(-entropy(kept)))))
  return kept
}

/** Draws one of the candidates; see there. */
export function sampleToken(logits: Float32Array, options: SamplingOptions, uniform: () => number): number {
  const { ids, weights } = candidates(logits, options)
  let left = uniform() * sum(weights)
  for (let index = 0; index < ids.length; index++) {
    left -= weights[index]!
    if (left < 0) return ids[index]!
  }
  return ids[ids.length - 1]!
}

// top_h looks at no more (TopHLogitsWarper.top_n)
const topHTokens = 100

function pick(logits: Float32Array, ids: Uint32Array): Candidates {
  const highest = logits[ids[0]!]!
  return { ids, weights: Float64Array.from(ids, (id) => Math.exp(logits[id]! - highest)) }
}

type Keep = (index: number, weight: number, most: number) => boolean

function select({ ids, weights }: Candidates, keep: Keep): Candidates {
  const indices = Array.from(ids, (_, index) => index).filter((index) => keep(index, weights[index]!, weights[0]!))
  return {
    ids: indices.map((index) => ids[index]!),
    weights: Float64Array.from(indices, (index) => weights[index]!),
  }
}

/** As many of the most likely ones as have together no more than `share` of the entropy, at least one. */
function withinEntropy(all: Candidates, share: number): Keep {
  const most = share * entropy(all)
  const total = sum(all.weights)
  let reached = 0
  return (index, weight) => {
    reached += surprise(weight / total)
    return index === 0 || reached <= most
  }
}

/** Those whose surprise is nearest to the entropy, until they have `mass` of the probability. */
function typical(all: Candidates, mass: number): Keep {
  const total = sum(all.weights)
  const expected = entropy(all)
  const distances = Array.from(all.weights, (weight) => Math.abs(-Math.log(weight / total) - expected))
  const order = [...distances.keys()].sort((a, b) => distances[a]! - distances[b]!)
  let reached = 0
  let last = 0
  while (last < order.length - 1) {
    reached += all.weights[order[last]!]! / total
    if (reached >= mass) break
    last++
  }
  const farthest = distances[order[last]!]!
  return (index) => distances[index]! <= farthest
}

/** Those of at least this probability, and the most likely ones. */
function likelier({ weights }: Candidates, least: number): Keep {
  const total = sum(weights)
  return (_, weight, most) => weight / total >= least || weight === most
}

/** In nats. */
function entropy({ weights }: Candidates): number {
  const total = sum(weights)
  return weights.reduce((found, weight) => found + surprise(weight / total), 0)
}

function surprise(probability: number): number {
  return probability === 0 ? 0 : -probability * Math.log(probability)
}

function sum(values: Float64Array): number {
  let total = 0
  for (const value of values) total += value
  return total
}

/**
 * The ids of the `count` largest logits and of all that equal the last of them; largest first, the lower id first among equals. Logit and
 * id are sorted as one 64-bit number: a function that compares takes several times as long.
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
  const ids = new Uint32Array(Math.min(count, filled)).map((_, index) => halves[2 * index]!)
  if (ids.length === logits.length) return ids
  const last = ids.at(-1)!
  const equal = [...ids]
  for (let id = last + 1; id < logits.length && Number.isFinite(logits[last]!); id++)
    if (logits[id] === logits[last]) equal.push(id)
  return Uint32Array.from(equal)
}
