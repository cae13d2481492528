import { readFileSync } from 'node:fs'
import { parseJson } from '@saeval/python/internal/json/json'
import type { PyDict } from '@saeval/python/internal/values/value'
import { describe, expect, it } from 'vitest'
import { fixturePath } from '../../../../tests/fixtures.js'
import { markdownTable } from './markdown-table.js'
import { resultsTable } from './results-table.js'

describe('tables as lm_eval prints them', () => {
  const cases = parseJson(readFileSync(fixturePath('golden/units/tables.json'), 'utf8')) as PyDict[]

  it.each(cases.map((item, index) => [index, item] as const))('%i', (_, item) => {
    const results = parseJson(item.get('input_python') as string) as PyDict
    expect(resultsTable(results)).toBe(item.get('table'))
    if (item.has('groups_table')) expect(resultsTable(results, 'groups')).toBe(item.get('groups_table'))
  })
})

it('a table without rows has its headers', () => {
  expect(markdownTable(['a', 'long header'], [])).toBe('| a |long header|\n|---|-----------|\n')
})

it('large numbers keep all their digits', () => {
  expect(markdownTable(['a'], [[1.6215382354988692e24], [1]])).toContain(
    '|1621538235498869217558528|\n|                        1|',
  )
})
