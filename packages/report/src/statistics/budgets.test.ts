import { seededUniform } from '@saeval/hub/internal/seeded-uniform'
import { describe, expect, it } from 'vitest'
import { againstControls } from './against-controls.js'
import { detectableEffect } from './detectable-effect.js'
import { smallestBudget, smallestGuardP, withinBudget } from './non-inferiority.js'
import { normalCdf, normalQuantile } from './normal.js'
import { studentQuantile, studentTwoSided, studentUpper } from './student.js'

describe('distributions', () => {
  // scipy.stats.norm.cdf, norm.ppf and t.sf, 12 digits
  it('normal', () => {
    const known: readonly (readonly [number, number])[] = [
      [0, 0.5],
      [1.96, 0.975002104852],
      [-3.3, 0.00048342414238],
      [-6, 9.86587645038e-10],
    ]
    for (const [z, p] of known) expect(Math.abs(normalCdf(z) / p - 1)).toBeLessThan(1e-11)
    expect(normalQuantile(0.8)).toBeCloseTo(0.841621233573, 11)
    expect(normalQuantile(0.975)).toBeCloseTo(1.95996398454, 10)
  })

  it('Student', () => {
    // df 1: 1 - 2 atan(t) / pi; df 2: 1 - t / sqrt(2 + t^2); the 97.5 % point of 19 is 2.0930240544
    expect(studentTwoSided(3, 1)).toBeCloseTo(1 - (2 * Math.atan(3)) / Math.PI, 12)
    expect(studentTwoSided(1.5, 2)).toBeCloseTo(1 - 1.5 / Math.sqrt(2 + 2.25), 12)
    expect(studentTwoSided(2.0930240544, 19)).toBeCloseTo(0.05, 9)
    expect(studentTwoSided(0, 19)).toBe(1)
    expect(studentUpper(-2.0930240544, 19)).toBeCloseTo(0.975, 9)
    expect(studentQuantile(0.975, 19)).toBeCloseTo(2.0930240544, 8)
    expect(studentQuantile(0.95, 1)).toBeCloseTo(Math.tan(0.45 * Math.PI), 10)
    expect(studentQuantile(0.95, 100_000)).toBeCloseTo(normalQuantile(0.95), 4)
    expect(studentQuantile(0.95, 0)).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('withinBudget', () => {
  it('bounds a loss of answers on one side', () => {
    const before = new Array<number>(100).fill(1)
    const after = before.map((_, index) => (index < 2 ? 0 : 1))
    const { difference, low, pValue } = withinBudget(before, after, 0.03)
    // up 1/102, down 3/102: centre -2/102, variance (4/102 - (2/102)^2) / 102
    const error = Math.sqrt((4 / 102 - (2 / 102) ** 2) / 102)
    expect(difference).toBe(-0.02)
    expect(low).toBeCloseTo(-2 / 102 - 1.6448536269515 * error, 9)
    expect(pValue).toBeCloseTo(1 - normalCdf((0.03 - 2 / 102) / error), 12)
    expect(smallestBudget(48)).toBeCloseTo(1.6448536269515 * Math.sqrt(2 / 50 / 50), 9)
    expect(smallestBudget(48, 0.975)).toBeCloseTo(1.9599639845401 * Math.sqrt(2 / 50 / 50), 9)
  })

  it('takes Student for other values, by hand', () => {
    // differences 0.1 0.2 0.3 0.2 0.2: mean 0.2, variance 0.02 / 4; distance 0.2 + 0.05
    const after = [0.1, 0.2, 0.3, 0.2, 0.2]
    const { low, high, error, pValue } = withinBudget([0, 0, 0, 0, 0], after, 0.05)
    expect(error).toBeCloseTo(Math.sqrt(0.005 / 5), 12)
    // the 95 % point of 4 degrees of freedom is 2.1318467863
    expect([low, high].map((value) => (value - 0.2) / error)).toEqual([
      expect.closeTo(-2.1318467863, 8),
      expect.closeTo(2.1318467863, 8),
    ])
    // by Student p would be below 1 in 1000; five documents cannot say so much
    expect(pValue).toBe(1 / 32)
    const wide = withinBudget([0, 0, 0, 0, 0], [-0.3, 0.2, 0.1, -0.2, 0.1], 0.1)
    expect(wide.pValue).toBeCloseTo(studentUpper(0.08 / wide.error, 4), 10)
  })

  it.each([1, 2, 3, 4])('proves nothing by %i documents that change alike', (n) => {
    const zeros = new Array<number>(n).fill(0.5)
    for (const change of [0, 0.2, -0.2]) {
      const found = withinBudget(
        zeros,
        zeros.map((value) => value + change),
        0.03,
      )
      expect(found).toMatchObject({ low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY })
      expect(found.pValue).toBeGreaterThanOrEqual(smallestGuardP(n))
    }
  })

  it.each([1, 2, 3, 4, 5, 8])('lets a loss of the budget of %i documents pass one time in twenty at most', (n) => {
    const random = seededUniform(n)
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    let passed = 0
    for (let round = 0; round < 1000; round++) {
      const before = Array.from({ length: n }, normal)
      const after = before.map((value) => value - 0.03 + 0.1 * normal())
      if (withinBudget(before, after, 0.03).pValue < 0.05) passed++
    }
    expect(passed).toBeLessThan(65)
  })

  it('lets a loss of the budget pass at most one time in twenty', () => {
    const random = seededUniform(7)
    let passed = 0
    for (let round = 0; round < 1000; round++) {
      const before = Array.from({ length: 300 }, () => (random() < 0.9 ? 1 : 0))
      // a true loss of 5 points: answers flip down with 1/10 where right, up with 4/10 where wrong
      const after = before.map((value) => (value === 1 ? (random() < 0.1 ? 0 : 1) : random() < 0.4 ? 1 : 0))
      if (withinBudget(before, after, 0.05).pValue < 0.05) passed++
    }
    expect(passed).toBeGreaterThan(20)
    expect(passed).toBeLessThan(70)
  })
})

it('detectableEffect is what a test finds four times in five', () => {
  const before = [0, 1, 2, 3]
  const after = [1, 1, 4, 3]
  // differences 1 0 2 0: variance 11/12
  expect(detectableEffect(before, after)).toBeCloseTo((1.95996398454 + 0.841621233573) * Math.sqrt(11 / 12 / 4), 8)
  const random = seededUniform(3)
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const noise = Array.from({ length: 200 }, normal)
  const effect = detectableEffect(
    noise.map(() => 0),
    noise,
  )
  let found = 0
  for (let round = 0; round < 500; round++) {
    const values = Array.from({ length: 200 }, () => effect + normal())
    const mean = values.reduce((sum, value) => sum + value, 0) / 200
    const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 199)
    if (Math.abs(mean) > (1.96 * sd) / Math.sqrt(200)) found++
  }
  expect(found / 500).toBeGreaterThan(0.72)
  expect(found / 500).toBeLessThan(0.88)
})

describe('againstControls', () => {
  it('takes an effect for another draw', () => {
    const { mean, sd, pValue, rankP } = againstControls(7, [1, 2, 3], 0.01)
    expect([mean, sd]).toEqual([2, 1])
    expect(pValue).toBeCloseTo(studentTwoSided(5 / Math.sqrt(4 / 3), 2), 12)
    expect(rankP).toBe(1 / 4)
    // three of three are as far from 2 as 2 is
    expect(againstControls(2, [1, 2, 3], 0.01)).toMatchObject({ pValue: 1, rankP: 1 })
    // where only more is wanted, what does less than controls is no effect
    expect(againstControls(7, [1, 2, 3], 0.01, 'above').pValue).toBeCloseTo(pValue / 2, 12)
    expect(againstControls(-7, [1, 2, 3], 0.01, 'above')).toMatchObject({ rankP: 1 })
    expect(againstControls(-7, [1, 2, 3], 0.01, 'above').pValue).toBeGreaterThan(0.95)
  })

  it('does not call one document an effect because the controls do nothing', () => {
    expect(againstControls(0.01, new Array(20).fill(0), 0.01).pValue).toBeGreaterThan(0.3)
    expect(againstControls(0.5, new Array(20).fill(0), 0.01).pValue).toBeLessThan(1e-9)
  })

  it('takes the rank where controls are all the same and the smallest effect is not known', () => {
    expect(againstControls(0.5, new Array(19).fill(0), 0)).toMatchObject({ sd: 0, pValue: 1 / 20 })
    expect(againstControls(0, new Array(19).fill(0), 0).pValue).toBe(1)
  })

  it('is right as often as it says for draws from the same distribution', () => {
    const random = seededUniform(11)
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    let below = 0
    for (let round = 0; round < 2000; round++)
      if (againstControls(normal(), Array.from({ length: 20 }, normal), 0).pValue < 0.05) below++
    expect(below / 2000).toBeGreaterThan(0.035)
    expect(below / 2000).toBeLessThan(0.065)
  })
})
