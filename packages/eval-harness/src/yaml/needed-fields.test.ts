import { PyRandom } from '@saeval/python/internal/random'
import { describe, expect, it } from 'vitest'
import { neededFields } from './needed-fields.js'
import { parseYaml, type YamlValue } from './yaml.js'

const names = new Set(['task', 'group', 'tag', 'include'])

/** Lines of which some open what others close, or look like fields inside it. */
const pieces = [
  'task: t',
  'task:',
  '"tag": "a b"',
  "group: 'it''s'",
  'tag: [a, "b, c"]',
  'tag: [a,',
  'include: ../base.yaml # why',
  'include: yes',
  'tag: &a x',
  'group: *a',
  'task: 12',
  'task: null',
  '- a',
  '  - b',
  '  - {task: c}',
  '"description": "one \\"two',
  'task: inside"',
  "doc_to_text: 'Q: {{q}}",
  "  A:'",
  "group: g'",
  'doc_to_text: |',
  '  say "hi there',
  "  don't [",
  'metadata: {a: 1,',
  'tag: b}',
  "until: ['a', \"]\", 'b']",
  'samples:',
  '  - q: "open',
  '  - q: "closed"',
  "    a: it's",
  "    b: '",
  'process_docs: !function utils.f',
  'other: !!str "task',
  '  "',
  'long: plain "text',
  '  going on: no',
  '  going on',
  '# a comment, it\'s "one',
  '',
  '---',
  ' ',
  '? task',
  'tag: ]',
  '{group: g}',
  'é: [',
]

function whole(text: string): YamlValue {
  const value = parseYaml(text, 't.yaml')
  return value instanceof Map ? new Map([...value].filter(([name]) => names.has(name))) : value
}

describe('needed fields', () => {
  it('are those of the whole file, whatever stands beside them', () => {
    const random = new PyRandom(1)
    let read = 0
    for (let round = 0; round < 40_000; round++) {
      const lines = Array.from({ length: 1 + random.randbelow(7) }, () => pieces[random.randbelow(pieces.length)]!)
      const text = lines.join('\n') + (round % 3 === 0 ? '' : '\n')
      let expected: YamlValue
      try {
        expected = whole(text)
      } catch {
        continue
      }
      read++
      expect(neededFields(text, 't.yaml', names), text).toEqual(expected)
    }
    expect(read).toBeGreaterThan(1000)
  })

  it('are read where another field is broken; an error of their own names its line in the file', () => {
    expect(neededFields('task: t\nmetadata:\n  a: 1\n b: 2\n', 't.yaml', names)).toEqual(new Map([['task', 't']]))
    expect(() => neededFields('metadata: 1\n\ntask: [a\n', 't.yaml', names)).toThrow(/^t\.yaml:[34]: /)
  })
})
