import { expect, it } from 'vitest'
import { scoringWindow } from './encode-requests.js'

it('a window keeps the end of what is too long', () => {
  expect(scoringWindow([1, 2, 3], [4, 5], 3)).toEqual({ inputIds: [2, 3, 4], targetIds: [4, 5], truncated: 1 })
  expect(scoringWindow([1, 2], [3, 4, 5], 3)).toEqual({ inputIds: [2, 3, 4], targetIds: [3, 4, 5], truncated: 1 })
})

it('a continuation that is too long by itself is refused, as lm_eval does', () => {
  expect(() => scoringWindow([1], [2, 3, 4, 5], 3)).toThrow('a continuation has 4 tokens and the model takes 3')
})
