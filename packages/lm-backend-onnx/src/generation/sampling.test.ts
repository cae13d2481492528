import { seededUniform } from '@saeval/hub/internal/seeded-uniform'
import { expect, it } from 'vitest'
import { type SamplingOptions, sampleToken } from './sampling.js'

/** The definition, word by word: all tokens in order, then what transformers' top-k and top-p leave. */
function drawnInOrder(given: Float32Array, { temperature, top_k, top_p }: SamplingOptions, uniform: number): number {
  const logits = given.map((logit) => logit / temperature)
  const order = Array.from(logits.keys()).sort((a, b) => logits[b]! - logits[a]! || a - b)
  // as many as equal the last one stay too
  const least = logits[order[Math.min(top_k ?? order.length, order.length) - 1]!]!
  const candidates = order.filter((token) => logits[token]! >= least)
  const weights = candidates.map((token) => Math.exp(logits[token]! - logits[order[0]!]!))
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)
  let left = top_p === undefined ? Number.POSITIVE_INFINITY : top_p * sum(weights)
  const last = weights.findIndex((weight) => {
    left -= weight
    return left <= 0
  })
  const kept = last < 0 ? weights : weights.slice(0, last + 1)
  let point = uniform * sum(kept)
  const drawn = kept.findIndex((weight) => {
    point -= weight
    return point < 0
  })
  return candidates[drawn]!
}

it('draws what sorting the whole vocabulary draws', () => {
  const random = seededUniform(1)
  const pick = <T>(values: readonly T[]) => values[Math.floor(random() * values.length)]!
  for (let round = 0; round < 5000; round++) {
    const spread = pick([0.1, 3, 30])
    // whole numbers are often equal, and 0 has two signs
    const rounded = pick([Math.round, (value: number) => value])
    const length = pick([1, 2, 7, 40, 300])
    const logits = Float32Array.from({ length }, () => rounded((random() - 0.5) * spread))
    const options = {
      temperature: pick([0.01, 0.7, 1, 2]),
      ...pick([{}, { top_k: 1 }, { top_k: 2 }, { top_k: 5 }, { top_k: 40 }, { top_k: 1000 }]),
      ...pick([{}, { top_p: 0 }, { top_p: 0.1 }, { top_p: 0.5 }, { top_p: 0.9 }, { top_p: 0.999 }]),
    }
    const uniform = random()
    const drawn = sampleToken(logits.slice(), options, () => uniform)
    expect(drawn, JSON.stringify({ options, uniform, logits: [...logits] })).toBe(
      drawnInOrder(logits, options, uniform),
    )
  }
})
