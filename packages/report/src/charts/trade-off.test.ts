import { expect, it } from 'vitest'
import { tradeOffFront } from './trade-off.js'

const points = [
  { label: 'strong', target: 0.1, others: 3 },
  { label: 'weak', target: 0.4, others: 1 },
  { label: 'harmful', target: 0.4, others: 5 },
]
const front = (...sides: ['low' | 'high', 'low' | 'high' | null]) =>
  tradeOffFront(points, ...sides)
    .map(({ label }) => label)
    .sort()

it('the front is of the better side of both metrics, and there is none without one', () => {
  // perplexities of other tasks: less is better
  expect(front('low', 'low')).toEqual(['strong', 'weak'])
  expect(front('low', 'high')).toEqual(['harmful', 'strong'])
  expect(front('high', 'low')).toEqual(['weak'])
  expect(front('low', null)).toEqual([])
})
