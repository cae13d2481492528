import { InputError } from '@saeval/hub'
import { PyFloat, type PyValue } from '@saeval/python/internal/values/value'
import { describe, expect, it } from 'vitest'
import { checkPatterns } from './ignored-patterns.js'
import { applyFilter } from './own-filters.js'

// what the filters of lm_eval 0.4.13 give for the same answers
describe('multi_choice_regex', () => {
  const pattern = ['regex_pattern', '(\\([A-Z]\\))'] as const
  const doc = (...choices: string[]) => new Map([['choices', choices]])

  it('finds the longest choice that is there', async () => {
    const docs = [doc('Guilty', 'Guilty of Romance'), doc('Guilty', 'Guilty of Romance')]
    const answers = [['I think Guilty of Romance.'], ['Guilty']]
    expect(await applyFilter('multi_choice_regex', answers, docs, new Map([pattern]))).toEqual([['(B)'], ['(A)']])
  })

  it('takes the characters of a text for regexes_to_ignore', async () => {
    const settings = new Map([pattern, ['regexes_to_ignore', 'th']])
    expect(await applyFilter('multi_choice_regex', [['the cat']], [doc('cat', 'e cat')], settings)).toEqual([['(B)']])
  })
})

it('map tells numbers from texts', async () => {
  const table = new Map<PyValue, PyValue>([
    [1, 'A'],
    ['2', 'B'],
    [null, 'C'],
  ])
  const settings = new Map<string, PyValue>([
    ['mapping_dict', table as never],
    ['default_value', 'none'],
  ])
  const answers = ['1', '2', 1, new PyFloat(1), true, null]
  expect(await applyFilter('map', [answers], [new Map()], settings)).toEqual([['none', 'B', 'A', 'A', 'A', 'C']])
  await expect(applyFilter('map', [[['1']]], [new Map()], settings)).rejects.toThrow('map cannot look up a list')
})

it.each([
  ['a list among the patterns', new Map<string, PyValue>([['regexes_to_ignore', [['a'], 'b']]])],
  ['a list for a pattern', new Map<string, PyValue>([['regex_pattern', ['a']]])],
])('refuses %s before anything is asked', (_, settings) => {
  const complain = (field: string, what: string) => new InputError(`${field} ${what}`)
  expect(() => checkPatterns(settings, 'filter', complain)).toThrow(
    'filter has a regular expression that is not a text',
  )
})
