import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseJson } from '../json/json.js'
import type { PyDict } from '../values/value.js'
import { renderTemplate } from './render-template.js'

/** The document of all cases, as JSON. */
const doc = parseJson(
  '{"s": "Hello, World! h\\u00e9llo", "t": " \\tpad\\n", "e": "", "n": 3, "z": 0, "neg": -7, "f": 2.5, "g": 1e+20, "big": 12345678901234567890, "b": true, "nb": false, "x": null, "l": [3, 1, 2], "ls": ["b", "a", "c"], "m": [1, "a", null, 2.0, true, [1]], "d": {"k": "v", "n": 1, "l": [1, 2]}, "dl": [{"a": 1, "t": "x"}, {"a": 2, "t": "y"}, {"a": 1, "t": "z"}], "em": "a\\ud83d\\ude00b", "q": "it\'s \\"q\\"", "nl": "a\\nb\\n", "u": "\\u0130stanbul \\u00df \\u0149", "num": "42", "fl": "4.5", "html": "<b>&\\"\'</b>"}',
) as PyDict

/** Template and what Jinja2 3.1.6 makes of it for the document, or the Python exception; a line each. */
const cases: readonly (readonly [template: string, rendered: string | { readonly error: string }])[] = readFileSync(
  new URL('python-semantics.golden.jsonl', import.meta.url),
  'utf8',
)
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line))

describe('templates render as in Jinja2', () => {
  it.each(cases)('%s', (template, rendered) => {
    if (typeof rendered === 'string') expect(renderTemplate(template, doc)).toBe(rendered)
    else expect(() => renderTemplate(template, doc)).toThrow(expect.objectContaining({ exception: rendered.error }))
  })
})
