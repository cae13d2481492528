import { expect, it } from 'vitest'
import { checkAnswers } from './check-answers.js'

it('hands on answers as they are', () => {
  const answers = [{ logprob: Number.NEGATIVE_INFINITY, isGreedy: false }]
  expect(checkAnswers('loglikelihood', answers, 1)).toBe(answers)
  expect(checkAnswers('generateUntil', [''], 1)).toEqual([''])
})

it('refuses answers that are too few, or of another kind', () => {
  expect(() => checkAnswers('loglikelihoodRolling', [-1], 2)).toThrow(
    "the model's loglikelihoodRolling gave 1 answers for 2 requests",
  )
  expect(() => checkAnswers('generateUntil', undefined as never, 2)).toThrow('gave undefined for 2 requests')
  expect(() => checkAnswers('loglikelihood', [{ logprob: -1 } as never], 1)).toThrow(
    `the model's loglikelihood answered {"logprob":-1} to request 1 instead of { logprob, isGreedy }`,
  )
  expect(() => checkAnswers('loglikelihoodRolling', [-1, Number.NaN], 2)).toThrow('answered NaN to request 2')
  expect(() => checkAnswers('generateUntil', [undefined as never], 1)).toThrow('answered undefined to request 1')
})
