import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parseJson } from '../json/json.js'
import type { PyDict } from '../values/value.js'
import { renderTemplate } from './render-template.js'

// made by tools/goldens/jinja.py: random templates over the whole grammar, and what Jinja 3.1.6 in lm_eval's environment makes of them
const [head, ...cases] = readFileSync(new URL('./grammar.golden.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')

it('templates of every kind of statement and expression render as in Jinja, or raise where it raises', () => {
  const wrong = cases.filter((line) => {
    const { template, expected = null } = JSON.parse(line) as { template: string; expected?: string }
    let rendered: string | null
    try {
      // a document of its own: templates may change lists
      rendered = renderTemplate(template, (parseJson(head!) as PyDict).get('doc') as PyDict)
    } catch (error) {
      expect((error as Error).name).toBe('PythonError')
      rendered = null
    }
    return rendered !== expected
  })
  expect(wrong).toEqual([])
  expect(cases.length).toBe(500)
})
