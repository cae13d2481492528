import { fromPlain, PyFloat } from '@saeval/python/internal/values/value'
import { describe, expect, it } from 'vitest'
import { scoreOwnMetric } from './own-metrics.js'

const text = 'The dog sat. The dog sat, and the cat slept.'
const generated = { type: 'generate_until', doc: {}, answer: text, prompt: '', text, target: '' } as const
const choices = {
  type: 'multiple_choice',
  doc: {},
  choices: ['a', 'b', 'c'],
  target: 1,
  results: [-2, -1.25, -3].map((logprob) => ({ logprob, isGreedy: false })),
} as const

const score = (name: string, question: Parameters<typeof scoreOwnMetric>[1], settings: object = {}) =>
  scoreOwnMetric(name, question, fromPlain(settings) as Parameters<typeof scoreOwnMetric>[2])

describe('metrics of saeval', () => {
  it('distinct-n and repetition count n-grams of words', async () => {
    // 10 words: the dog sat the dog sat and the cat slept; 9 pairs, "the dog" and "dog sat" twice
    expect(await score('distinct_n', generated)).toEqual(new PyFloat(7 / 9))
    expect(await score('distinct_n', generated, { n: 1 })).toEqual(new PyFloat(6 / 10))
    expect(await score('repetition_n', generated, { n: 3 })).toEqual(new PyFloat(1 / 8))
    expect(await score('distinct_n', { ...generated, answer: '' })).toEqual(1)
    await expect(score('distinct_n', generated, { n: 0 })).rejects.toThrow('n is 0, not a whole number above 0')
  })

  it('inclusion looks for whole words', async () => {
    expect(await score('inclusion', generated, { words: ['CAT'] })).toBe(1)
    expect(await score('inclusion', generated, { words: ['sle', 'do'] })).toBe(0)
    await expect(score('inclusion', generated)).rejects.toThrow('words must be a list of single words')
  })

  it('the margin is that of the right choice over the best wrong one', async () => {
    expect(await score('choice_margin', choices)).toEqual(new PyFloat(0.75))
    expect(await score('choice_margin', { ...choices, target: [0, 2] })).toEqual(new PyFloat(-0.75))
    await expect(score('choice_margin', { ...choices, target: -100 })).rejects.toThrow('no right choice')
    await expect(score('choice_margin', generated)).rejects.toThrow('has no choices')
  })
})
