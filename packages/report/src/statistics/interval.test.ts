import { expect, it } from 'vitest'
import { intervalOfError, isShareError, meanInterval, wilsonInterval } from './interval.js'
import { pairedDifference } from './paired-difference.js'

// scipy 1.17.1: binomtest(successes, n).proportion_ci(level, method='wilson')
it.each([
  [0, 96, 0.95, 0, 0.03847558785767568],
  [96, 96, 0.95, 0.9615244121423243, 1],
  [34, 96, 0.95, 0.265798403214395, 0.45375697657742703],
  [34, 96, 0.99, 0.2416292362461764, 0.48555906980487296],
  [1, 1, 0.95, 0.20654931437723745, 1],
  [50, 100, 0.95, 0.4038315303659956, 0.5961684696340044],
  [7, 10_000, 0.95, 0.0003391263316879598, 0.0014443344412696888],
])('Wilson of %i of %i at %f is as in scipy', (successes, n, level, low, high) => {
  const found = wilsonInterval(successes, n, level)
  expect(found.low).toBeCloseTo(low, 12)
  expect(found.high).toBeCloseTo(high, 12)
})

// Bonett and Price 2012 in Python with scipy's norm.ppf: p12 and p21 with one pair added to each and two to n
it.each([
  [0, 62, 96, -0.7322012399136434, -0.5331048825353363],
  [3, 9, 250, -0.05276191228347192, 0.005142864664424308],
  [0, 0, 20, -0.12599125675906162, 0.12599125675906162],
])('the paired interval of %i risen and %i fallen of %i is as in Python', (risen, fallen, n, low, high) => {
  const before = Array.from({ length: n }, (_, index) => Number(index >= risen))
  const after = Array.from({ length: n }, (_, index) => Number(index < risen || index >= risen + fallen))
  const found = pairedDifference(before, after)
  expect(found).toMatchObject({ risen, fallen })
  expect(found.low).toBeCloseTo(low, 12)
  expect(found.high).toBeCloseTo(high, 12)
})

it('has width at 0 and 1, and takes the interval that the values call for', () => {
  expect(meanInterval([1, 1, 1, 1])).toMatchObject({ high: 1, method: 'wilson' })
  expect(meanInterval([1, 1, 1, 1])!.low).toBeCloseTo(4 / (4 + 1.959963984540054 ** 2), 12)
  const other = meanInterval([0.1, 0.2, 0.9, 0.4, 0.5, 0])!
  expect(other.method).toBe('bootstrap')
  expect(other.low).toBeGreaterThanOrEqual(0)
  expect(other.low).toBeLessThan(0.35)
  expect(other.high).toBeGreaterThan(0.35)
  expect(meanInterval([0.3])).toBeNull()
  expect(meanInterval([0.3, Number.NaN])).toBeNull()
  expect(meanInterval([])).toBeNull()
})

it('knows a proportion by its standard error', () => {
  const p = 34 / 96
  expect(intervalOfError(p, Math.sqrt((p * (1 - p)) / 95), 96)).toEqual({
    ...wilsonInterval(34, 96),
    method: 'wilson',
  })
  expect(intervalOfError(1, 0, 96)).toMatchObject({ high: 1, method: 'wilson' })
  expect(intervalOfError(12.5, 0.5, 96)).toMatchObject({ low: 12.5 - 0.5 * 1.959963984540054, method: 'normal' })
})

it('a standard error tells of a share, or says nothing', () => {
  expect(isShareError(0.25, Math.sqrt((0.25 * 0.75) / 95), 96)).toBe(true)
  expect(isShareError(0.25, 0.01, 96)).toBe(false)
  expect(isShareError(0.4, 0, 96)).toBe(false)
  expect([isShareError(0, 0, 96), isShareError(1, 0, 96), isShareError(0.5, null, 96)]).toEqual([null, null, null])
  expect(isShareError(12.5, 0.5, 96)).toBe(false)
})
