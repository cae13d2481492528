import { seededUniform } from '@saeval/hub/internal/seeded-uniform'
import { describe, expect, it } from 'vitest'
import { holm } from './holm.js'
import { mcnemar } from './mcnemar.js'
import { pairedDifference } from './paired-difference.js'
import { paretoFront } from './pareto-front.js'
import { signFlipP, smallestSignFlipP } from './sign-flip.js'

describe('mcnemar', () => {
  it.each([
    // two-sided binomial tails by hand: 2 (1 + 8) / 2^8, 2 / 2^6, 2 (1 + 10 + 45) / 2^10
    [1, 7, 18 / 256],
    [6, 0, 2 / 64],
    [8, 2, 112 / 1024],
    [0, 0, 1],
    [5, 5, 1],
  ])('%i gained, %i lost', (gained, lost, expected) => {
    expect(mcnemar(gained, lost)).toBeCloseTo(expected, 12)
  })

  it('does not underflow with many documents', () => {
    // the normal approximation with continuity correction: (|b - c| - 1) / sqrt(b + c) = 1.9802
    expect(mcnemar(5000, 5201)).toBeCloseTo(0.04768, 4)
  })
})

describe('holm', () => {
  it('corrects step by step and never lets a larger p value overtake', () => {
    expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02])
    expect(holm([0.6, 0.7])).toEqual([1, 1])
    expect(holm([])).toEqual([])
  })
})

describe('pairedDifference', () => {
  it('of accuracies: exact test, adjusted interval', () => {
    const before = [1, 1, 1, 1, 1, 1, 1, 1, 0, 0]
    const after = [0, 0, 0, 0, 0, 0, 1, 1, 0, 1]
    const { difference, low, high, pValue, method, n } = pairedDifference(before, after)
    expect({ difference, method, n }).toEqual({ difference: -0.5, method: 'mcnemar', n: 10 })
    expect(pValue).toBeCloseTo(16 / 128, 12)
    // gained 1, lost 6: (2/12, 7/12), difference -5/12, variance (9/12 - 25/144) / 12
    const reach = 1.959963984540054 * Math.sqrt((9 / 12 - 25 / 144) / 12)
    expect(low).toBeCloseTo(-5 / 12 - reach, 12)
    expect(high).toBeCloseTo(-5 / 12 + reach, 12)
  })

  it('of other numbers: a test that repeats and agrees with the normal interval', () => {
    const before = Array.from({ length: 400 }, (_, i) => Math.sin(i))
    const after = before.map((value, i) => value + 0.1 + Math.sin(7 * i) / 2)
    const result = pairedDifference(before, after)
    expect(result).toEqual(pairedDifference(before, after))
    const differences = after.map((value, i) => value - before[i]!)
    const mean = differences.reduce((sum, value) => sum + value, 0) / 400
    const variance = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 399
    const reach = 1.96 * Math.sqrt(variance / 400)
    expect(result.difference).toBeCloseTo(mean, 12)
    expect(Math.abs(result.low - (mean - reach))).toBeLessThan(0.05 * reach)
    expect(Math.abs(result.high - (mean + reach))).toBeLessThan(0.05 * reach)
    expect(result.pValue).toBeLessThan(0.001)
    expect(pairedDifference(before, before)).toMatchObject({ difference: 0, pValue: 1 })
  })

  it('of a few other numbers: all ways to turn their signs, and Student', () => {
    // 3 + 1 + 2 + 0: of 8 ways to turn the three, 6 and -6 are as far out
    const { difference, low, high, pValue, method } = pairedDifference([0, 0, 0, 0], [3, 1, 2, 0])
    expect({ difference, pValue, method }).toEqual({ difference: 1.5, pValue: 2 / 8, method: 'sign_flip' })
    // variance 5 / 3; the 97.5 % point of 3 degrees of freedom is 3.1824463053
    expect(high - 1.5).toBeCloseTo(3.1824463053 * Math.sqrt(5 / 3 / 4), 8)
    expect(1.5 - low).toBeCloseTo(high - 1.5, 12)
    // 0.1 + 0.2 and 0.3 are as far out, whatever their rounding
    expect(signFlipP([0.1, 0.2, -0.3])).toBe(1)
    expect(signFlipP([0, 0])).toBe(1)
  })

  it.each([1, 2, 4, 8])('of %i documents without effect finds one at most as often as it says', (n) => {
    const random = seededUniform(n)
    let found = 0
    for (let round = 0; round < 1000; round++) {
      const after = Array.from({ length: n }, () => random() - random())
      const { pValue, low, high } = pairedDifference(new Array<number>(n).fill(0.01), after)
      expect(pValue).toBeGreaterThanOrEqual(smallestSignFlipP(n))
      if (n === 1) expect([low, high]).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])
      if (pValue < 0.05) found++
    }
    expect(found).toBeLessThan(70)
  })

  it('of more numbers draws the ways, and is as sure as its draws', () => {
    const after = Array.from({ length: 14 }, (_, index) => index + 1)
    // all ways but two are nearer to 0
    expect(pairedDifference(new Array<number>(14).fill(0), after).pValue).toBeLessThan(0.001)
    const mixed = after.map((value, index) => (index % 2 === 0 ? value : -value))
    // counted over all 2^14 ways
    expect(Math.abs(signFlipP(mixed) - 0.855224609375)).toBeLessThan(0.02)
  })

  it('needs pairs', () => {
    expect(() => pairedDifference([1], [1, 0])).toThrow('paired values')
    expect(() => pairedDifference([], [])).toThrow('paired values')
  })
})

describe('paretoFront', () => {
  it('keeps the points that nothing beats, by x, ties too', () => {
    const points = [
      { x: 1, y: 1 },
      { x: 2, y: 3 },
      { x: 3, y: 2 },
      { x: 3, y: 2 },
      { x: 0, y: 3 },
    ]
    expect(paretoFront(points)).toEqual([1, 2, 3])
  })
})
