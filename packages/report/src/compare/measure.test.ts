import { expect, it } from 'vitest'
import type { Score } from '../results/run-results.js'
import { meanInterval } from '../statistics/interval.js'
import { withoutFalseShares } from './measure.js'

/** The intervals of a metric over several runs, each given by its documents' values. */
function intervals(higherIsBetter: boolean | null, ...runs: readonly (readonly number[])[]) {
  const told = withoutFalseShares(
    runs.map((values) => {
      const value = values.reduce((sum, one) => sum + one, 0) / values.length
      const score = { task: 't', metric: 'm', filter: 'none', value, higherIsBetter } as Score
      return {
        scores: [score],
        measures: [{ task: 't', metric: 'm', filter: 'none', interval: meanInterval(values), chance: null }],
      }
    }),
  )
  return told.map(([measure]) => measure!.interval?.method ?? null)
}

it('zeros alone are a share only where no run says otherwise', () => {
  // a divergence: 0 of the unsteered model
  expect(intervals(false, [0, 0, 0], [0.2, 0.1, 0.3])).toEqual([null, 'bootstrap'])
  expect(intervals(false, [0, 0, 0], [0, 0, 0])).toEqual([null, null])
  // of shares also where nothing or everything is right
  expect(intervals(true, [0, 0, 0], [1, 1, 1])).toEqual(['wilson', 'wilson'])
  expect(intervals(false, [0, 0, 0], [0, 1, 0])).toEqual(['wilson', 'wilson'])
})
