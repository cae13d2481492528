import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fixturePath } from '../../../tests/fixtures.js'
import { dumpsJson, parseJson } from './json/json.js'
import { PyRandom } from './random.js'
import { literalEval } from './text/literal.js'
import { floatRepr, pyRepr } from './text/text.js'
import { isDict, numberOf, type PyDict, type PyValue } from './values/value.js'

const read = (file: string) => parseJson(readFileSync(fixturePath(`golden/units/${file}`), 'utf8'))
const texts = read('text.json') as PyDict

describe('random.Random', () => {
  const seedOf = (value: PyValue) => (isDict(value) ? BigInt(value.get('$int') as string) : (value as number | string))
  const range = (n: number) => Array.from({ length: n }, (_, i) => i)

  it.each((read('random.json') as PyDict[]).map((item) => [pyRepr(item.get('seed')!), item] as const))(
    'seed %s',
    (_, item) => {
      const seed = seedOf(item.get('seed')!)
      const random = new PyRandom(seed)
      expect((item.get('random') as PyValue[]).map(() => random.random())).toEqual(
        (item.get('random') as PyValue[]).map(numberOf),
      )
      const shuffled = range(10)
      new PyRandom(seed).shuffle(shuffled)
      expect(shuffled).toEqual(item.get('shuffle10'))
      for (const sample of item.get('sample') as PyDict[]) {
        const sampler = new PyRandom(seed)
        const [n, k] = [sample.get('n') as number, sample.get('k') as number]
        expect((sample.get('calls') as PyValue[]).map(() => sampler.sample(range(n), k))).toEqual(sample.get('calls'))
      }
    },
  )

  it('choices of 2, 7, 100 and 1319 members', () => {
    for (const item of read('random.json') as PyDict[]) {
      const random = new PyRandom(seedOf(item.get('seed')!))
      expect([2, 7, 100, 1319].map((size) => random.choices(range(size), 6))).toEqual(item.get('choices'))
    }
  })
})

describe('JSON', () => {
  it.each((texts.get('json_dumps') as PyDict[]).map((item) => [item.get('python') as string, item] as const))(
    'dumps %s',
    (source, item) => {
      const outcome = (style: string) => (item.get(style) as PyDict).get('output')
      const value = outcome('line') === undefined ? null : parseJson(outcome('line') as string)
      if (value === null) return
      expect(dumpsJson(value, { indent: 2, ensureAscii: false }), source).toBe(outcome('indent2'))
      expect(dumpsJson(value, { ensureAscii: false })).toBe(outcome('line'))
      expect(dumpsJson(value)).toBe(outcome('ascii'))
    },
  )

  it('rejects what is not JSON', () => {
    for (const text of ['', '{', '[1,]', '{"a" 1}', '01', '"\u0001"', 'tru', '1 2'])
      expect(() => parseJson(text), text).toThrow(SyntaxError)
  })
})

it('repr of floats', () => {
  for (const item of texts.get('python_repr_of_floats') as PyDict[]) {
    const value = new DataView(new ArrayBuffer(8))
    value.setBigUint64(0, BigInt(item.get('bits') as string))
    expect(floatRepr(value.getFloat64(0))).toBe(item.get('repr'))
  }
})

describe('literals', () => {
  it.each([
    `['a', "b\\n", 'it\\'s', "\\u00e9"]`,
    '[1, -2, 3.5, 1e-05, True, False, None]',
    `{'a': [1, {'b': 'c'}]}`,
    '[]',
  ])('reads back what it prints: %s', (source) => {
    expect(literalEval(pyRepr(literalEval(source)))).toEqual(literalEval(source))
  })

  it('reads what Python reads', () => {
    expect(literalEval(`('a',)`)).toEqual(['a'])
    expect(literalEval(`('a')`)).toBe('a')
    expect(literalEval(`'a' "b"`)).toBe('ab')
    expect(literalEval('["x",]')).toEqual(['x'])
    expect(literalEval('12345678901234567890')).toBe(12345678901234567890n)
    expect(literalEval(`'''a\nb'''`)).toBe('a\nb')
  })

  it.each(['', 'foo', '[1', "'a", '[1 2]', '01', '1a', "{'a' 1}", 'f(1)', '"\\x1"', "['a'] b"])(
    'refuses %s',
    (source) => {
      expect(() => literalEval(source)).toThrow(SyntaxError)
    },
  )
})
