import { expect, it } from 'vitest'
import { klDivergence } from './kl-divergence.js'

it('is the sum of p (log p - log q)', () => {
  const [p, q] = [
    [0.5, 0.25, 0.25],
    [0.1, 0.6, 0.3],
  ]
  const logits = (values: readonly number[], shift: number) =>
    Float32Array.from(values, (value) => Math.log(value) + shift)
  const expected = p!.reduce((sum, value, at) => sum + value * Math.log(value / q![at]!), 0)
  expect(klDivergence(logits(p!, 3), logits(q!, -2))).toBeCloseTo(expected, 6)
  expect(klDivergence(logits(p!, 0), logits(p!, 5))).toBeCloseTo(0, 6)
  expect(klDivergence(logits([1, 0, 0], 0), logits(q!, 0))).toBeCloseTo(Math.log(10), 6)
})
