import { dumpsJson } from '@saeval/python/internal/json/json'
import { type PyDict, PyFloat, type PyValue } from '@saeval/python/internal/values/value'
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

describe('keys of mappings, as PyYAML 6 reads them', () => {
  // list(yaml.safe_load(text).items())
  it.each([
    [
      'numbers, in their order',
      '{2: no one, 1: b}',
      [
        [2, 'no one'],
        [1, 'b'],
      ],
    ],
    [
      'texts of digits',
      '{"2": a, "1": b}',
      [
        ['2', 'a'],
        ['1', 'b'],
      ],
    ],
    [
      'both',
      '{1: a, "1": b}',
      [
        [1, 'a'],
        ['1', 'b'],
      ],
    ],
    [
      'truth values, null and floats',
      '{yes: a, null: b, 1.5: c, "yes": d}',
      [
        [true, 'a'],
        [null, 'b'],
        [new PyFloat(1.5), 'c'],
        ['yes', 'd'],
      ],
    ],
    [
      'equal ones',
      '{1: a, x: c, 1.0: b, true: d, x: e}',
      [
        [1, 'd'],
        ['x', 'e'],
      ],
    ],
    [
      'merged ones',
      '{<<: {2: a, 1: b}, 1: c}',
      [
        [2, 'a'],
        [1, 'c'],
      ],
    ],
    [
      'aliases',
      '{&a 7: x, y: *a}',
      [
        [7, 'x'],
        ['y', 7],
      ],
    ],
    [
      'names of prototypes',
      '{__proto__: a, toString: b}',
      [
        ['__proto__', 'a'],
        ['toString', 'b'],
      ],
    ],
    [
      'explicit ones',
      '? 3\n: a\n? b\n',
      [
        [3, 'a'],
        ['b', null],
      ],
    ],
  ] as const)('%s', (_name, text, entries) => {
    expect([...(parseYaml(text, 'task.yaml') as PyDict)]).toEqual(entries)
  })

  it.each(['a: 1\n? [b]\n: c', 'a: 1\n? {b: c}\n: d', 'a: 1\n? !function m.f\n: d'])('refuse %j', (text) => {
    expect(() => parseYaml(text, 'task.yaml')).toThrow(
      /^task\.yaml:[23]: a mapping has a key that is neither a text nor a number, a truth value or null$/,
    )
  })
})
