import { describe, expect, it } from 'vitest'
import { holm } from './holm.js'
import { mcnemar } from './mcnemar.js'
import { pairedDifference } from './paired-difference.js'
import { paretoFront } from './pareto-front.js'

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

  it('of other numbers: a bootstrap that repeats and agrees with the normal interval', () => {
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
