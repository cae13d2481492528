import { expect, it } from 'vitest'
import { checkAnswers } from './check-answers.js'

it('hands on answers as they are', () => {
  const answers = [{ logprob: Number.NEGATIVE_INFINITY, isGreedy: false }]
  expect(checkAnswers('loglikelihood', answers, 1)).toBe(answers)
  expect(checkAnswers('generate_until', [''], 1)).toEqual([''])
})

it('refuses answers that are too few, or of another kind', () => {
  expect(() => checkAnswers('loglikelihood_rolling', [-1], 2)).toThrow(
    'the model gave 1 answers for 2 loglikelihood_rolling requests',
  )
  expect(() => checkAnswers('generate_until', undefined as never, 2)).toThrow(
    'gave undefined for 2 generate_until requests',
  )
  expect(() => checkAnswers('loglikelihood', [{ logprob: -1 } as never], 1)).toThrow(
    `the model answered {"logprob":-1} to loglikelihood request 1 instead of { logprob, isGreedy }`,
  )
  expect(() => checkAnswers('loglikelihood_rolling', [-1, Number.NaN], 2)).toThrow(
    'answered NaN to loglikelihood_rolling request 2',
  )
  expect(() => checkAnswers('generate_until', [undefined as never], 1)).toThrow(
    'answered undefined to generate_until request 1',
  )
})
