import { expect, it } from 'vitest'
import { intervalText } from './numbers.js'

const unit = { isProportion: false, n: 1 }

it('says that one document has no interval', () => {
  expect(intervalText({ low: -Infinity, high: Infinity }, unit, true)).toBe('no interval')
  expect(intervalText({ low: -1, high: 2 }, unit, true)).toBe('−1 to +2')
})
