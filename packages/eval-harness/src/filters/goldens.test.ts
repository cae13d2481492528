import { readFileSync } from 'node:fs'
import { parseJson } from '@saeval/python/internal/json/json'
import type { PyDict, PyValue } from '@saeval/python/internal/values/value'
import { describe, expect, it } from 'vitest'
import { fixturePath } from '../../../../tests/fixtures.js'
import { applyFilter, filterNames } from './own-filters.js'

const golden = parseJson(readFileSync(fixturePath('golden/units/filters.json'), 'utf8')) as PyDict

it('the filters of lm_eval are there', () => {
  expect(filterNames()).toEqual(golden.get('registered'))
})

describe('filters', () => {
  const cases = golden.get('cases') as PyDict[]

  it.each(cases.map((item, index) => [item.get('filter') as string, index, item] as const))(
    '%s %i',
    async (name, _, item) => {
      const run = () =>
        applyFilter(
          name,
          item.get('resps') as PyValue[],
          (item.get('docs') ?? []) as PyDict[],
          item.get('kwargs') as PyDict,
        )
      if (item.has('error')) await expect(run()).rejects.toThrow()
      else expect(await run()).toEqual(item.get('output'))
    },
  )
})
