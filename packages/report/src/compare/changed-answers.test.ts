import { expect, it } from 'vitest'
import { pairedDifference } from '../statistics/paired-difference.js'
import { changedAnswers } from './changed-answers.js'
import type { Comparison } from './compare.js'

const comparison = (higherIsBetter: boolean | null): Comparison => ({
  task: 'dogs',
  alias: 'dogs',
  isGroup: false,
  metric: 'acc',
  filter: 'none',
  before: 0.5,
  after: 0.5,
  n: 4,
  higherIsBetter,
  paired: pairedDifference([1, 1, 1, 0], [0, 0, 1, 1]),
  unpaired: null,
  holm: 1,
})

it('counts documents that improved and worsened', () => {
  expect(changedAnswers(comparison(true))).toEqual({ improved: 1, worsened: 2, worsenedShare: 2 / 3 })
  expect(changedAnswers(comparison(null))).toMatchObject({ improved: 1, worsened: 2 })
  expect(changedAnswers(comparison(false))).toMatchObject({ improved: 2, worsened: 1 })
  expect(changedAnswers({ ...comparison(true), paired: null })).toBeNull()
  expect(changedAnswers({ ...comparison(true), paired: pairedDifference([1], [1]) })!.worsenedShare).toBeNull()
})
