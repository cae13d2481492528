import { expect, it } from 'vitest'
import { TimeLimitError, withinSeconds } from './time-limit.js'

it('stops a regular expression that goes back without end', () => {
  const endless = () => /(\w+\s?)+$/.test(`${'a'.repeat(50)}!`)
  expect(() => withinSeconds(0.05, endless)).toThrow(TimeLimitError)
  // and the next one goes on
  expect(withinSeconds(5, () => /a/.test('a'))).toBe(true)
})

it('lets errors and inner limits through', () => {
  const failing = () => {
    throw new TypeError('inside')
  }
  expect(() => withinSeconds(5, failing)).toThrow(TypeError)
  expect(withinSeconds(5, () => [withinSeconds(5, () => 1), 2])).toEqual([1, 2])
})
