import { describe, expect, it } from 'vitest'
import { fixtureJson } from '../../../tests/fixtures.js'
import { rollingTokenWindows } from './rolling-windows.js'

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
