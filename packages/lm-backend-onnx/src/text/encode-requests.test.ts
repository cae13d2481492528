import { describe, expect, it } from 'vitest'
import { fixtureJson } from '../../../../tests/fixtures.js'
import { rollingTokenWindows, scoringWindow } from './encode-requests.js'

interface Golden {
  tokens: number[]
  prefix_token: number
  max_seq_len: number
  context_len: number
  disjoint: [number[], number[]][]
}

describe('rolling windows are those of lm_eval', () => {
  it.each((fixtureJson('golden/units/rolling.json') as Golden[]).map((golden, index) => [index, golden] as const))(
    '%i',
    (_, { tokens, prefix_token: prefix, max_seq_len: maxLength, context_len: contextLength, disjoint }) => {
      const windows = rollingTokenWindows(tokens, prefix, maxLength, contextLength)
      expect(windows.map(({ contextIds, continuationIds }) => [contextIds, continuationIds])).toEqual(disjoint)
    },
  )
})

it('a window keeps the end of what is too long', () => {
  expect(scoringWindow([1, 2, 3], [4, 5], 3)).toEqual({ inputIds: [2, 3, 4], targetIds: [4, 5], truncated: 1 })
  expect(scoringWindow([1, 2], [3, 4, 5], 3)).toEqual({ inputIds: [2, 3, 4], targetIds: [3, 4, 5], truncated: 1 })
})

it('a continuation that is too long by itself is refused, as lm_eval does', () => {
  expect(() => scoringWindow([1], [2, 3, 4, 5], 3)).toThrow('a continuation has 4 tokens and the model takes 3')
})
