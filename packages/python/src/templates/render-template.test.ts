import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fixturePath, needsFixture } from '../../../../tests/fixtures.js'
import { parseJson } from '../json/json.js'
import { PythonError } from '../values/python-error.js'
import type { PyDict } from '../values/value.js'
import { renderTemplate } from './render-template.js'

const file = 'golden/jinja/cases.jsonl'

/** Python prints an address there. */
const outside = (template: string) => template === '{{d.items}}'

describe('templates of upstream tasks and hand-made ones', needsFixture(file), () => {
  it('render as Jinja renders them', () => {
    const cases = readFileSync(fixturePath(file), 'utf8')
      .trim()
      .split('\n')
      .map((line) => parseJson(line) as PyDict)
    const wrong: unknown[] = []
    for (const item of cases) {
      const template = item.get('template') as string
      if (outside(template)) continue
      let rendered: string
      try {
        rendered = renderTemplate(template, item.get('doc') as PyDict)
      } catch (error) {
        if (!(error instanceof PythonError)) throw error
        rendered = `error ${error.exception}: ${error.message}`
        if (item.has('error') && error.exception === item.get('error')) continue
      }
      if (rendered !== item.get('expected'))
        wrong.push([
          template.slice(0, 200),
          rendered.slice(0, 200),
          String(item.get('expected') ?? item.get('error')).slice(0, 200),
        ])
    }
    expect(wrong).toEqual([])
    expect(cases.length).toBeGreaterThan(5000)
  })
})
