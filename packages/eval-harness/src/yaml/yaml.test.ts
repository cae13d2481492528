import { dumpsJson } from '@saeval/python/internal/json/json'
import type { PyValue } from '@saeval/python/internal/values/value'
import { describe, expect, it } from 'vitest'
import { parseYaml } from './yaml.js'

const json = (text: string) => dumpsJson(parseYaml(text, 'task.yaml') as PyValue)

describe('merge keys, as PyYAML 6 reads them', () => {
  it.each([
    ['a key of its own', 'a: &a {x: 1, y: 2}\nd:\n  own: 0\n  y: 9\n  <<: *a', '{"x": 1, "y": 9, "own": 0}'],
    ['a list', 'a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nd:\n  <<: [*a, *b]', '{"y": 2, "z": 4, "x": 1}'],
    ['two', 'a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nd:\n  <<: *a\n  <<: *b\n  x: 7', '{"x": 7, "y": 3, "z": 4}'],
    ['one in another', 'b: &b {y: 3}\nd:\n  <<: &g {<<: *b, w: 1}\n  q: *g', '{"y": 3, "w": 1, "q": {"y": 3, "w": 1}}'],
    ['text', 'd: {"<<": 1}', '{"<<": 1}'],
  ])('%s', (_name, text, merged) => {
    expect(json(text)).toContain(`"d": ${merged}}`)
  })

  it.each(['a: {<<: 1}', 'a: {<<: [1]}'])('refuses %s', (text) => {
    expect(() => json(text)).toThrow('task.yaml: << needs a mapping or a list of mappings')
  })

  it('refuses << as a value', () => {
    expect(() => json('a: [<<]')).toThrow('task.yaml: << is no value')
  })
})
