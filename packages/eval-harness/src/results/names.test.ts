import { readFileSync } from 'node:fs'
import { parseJson } from '@saeval/python/internal/json/json'
import { isDict, type PyDict } from '@saeval/python/internal/values/value'
import { describe, expect, it } from 'vitest'
import { fixturePath } from '../../../../tests/fixtures.js'
import { dateId, modelName, sanitizeModelName } from './names.js'
import { sha256 } from './sample-lines.js'

const golden = parseJson(readFileSync(fixturePath('golden/units/names.json'), 'utf8')) as PyDict
const pairs = (key: string) => golden.get(key) as [string, string][]

describe('names as lm_eval makes them', () => {
  it.each(pairs('sanitize_model_name'))('folder of %s', (name, folder) => {
    expect(sanitizeModelName(name)).toBe(folder)
  })

  it.each(pairs('hash_string'))('SHA-256 of %j', (text, hash) => {
    expect(sha256(text)).toBe(hash)
  })

  const cases = (golden.get('model_name_from_args') as PyDict[]).filter((item) => isDict(item.get('args')))

  it.each(cases.map((item) => [item.get('output') as string | null, item.get('args') as PyDict] as const))(
    '%s',
    (name, args) => {
      if (name === null) expect(modelName(args)).toMatch(/^[0-9a-f]{8}$/)
      else expect(modelName(args)).toBe(name)
    },
  )
})

it('file dates are local and to the microsecond', () => {
  const at = new Date(2026, 10, 3, 4, 5, 6, 7).getTime()
  expect(dateId(at)).toBe('2026-11-03T04-05-06.007000')
})
