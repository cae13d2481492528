import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { InputError } from '../input-error.js'
import { checked, jsonObject, refuseUnknownNames } from './checked.js'
import { count, index, number, objectOf, oneOf, positive, text, truth } from './schemas.js'

const schema = objectOf({
  name: text,
  size: v.nullish(count, 3),
  inner: v.nullish(objectOf({ rate: positive, first: v.nullish(index) })),
  list: v.optional(v.array(objectOf({ on: truth }), 'a list')),
  kind: v.optional(oneOf(['a', 'b'])),
  scale: v.optional(number),
})

const sentenceOf = (value: unknown): string => {
  try {
    checked('x.json', schema, value)
  } catch (error) {
    expect(InputError.isInstance(error)).toBe(true)
    return (error as Error).message
  }
  throw new Error('it was taken')
}

describe('checked', () => {
  it('gives what the schema names, with its defaults', () => {
    expect(checked('x.json', schema, { name: '', size: null, other: 1, kind: 'b' })).toEqual({
      name: '',
      size: 3,
      kind: 'b',
    })
  })

  it.each<[unknown, string]>([
    [{}, 'x.json: name is missing, expected a text'],
    [{ name: null }, 'x.json: name is null, expected a text'],
    [{ name: ['a', 1] }, 'x.json: name is ["a",1], expected a text'],
    [{ name: { a: 'n'.repeat(1e6) } }, `x.json: name is {"a":"${'n'.repeat(94)}…, expected a text`],
    [{ name: 'n', size: 0 }, 'x.json: size is 0, expected a positive whole number'],
    [{ name: 'n', size: 2 ** 53 }, `x.json: size is ${2 ** 53}, expected a positive whole number`],
    [{ name: 'n', size: true }, 'x.json: size is true, expected a positive whole number'],
    [{ name: 'n', scale: Number.NaN }, 'x.json: scale is NaN, expected a number'],
    [{ name: 'n', scale: Number.NEGATIVE_INFINITY }, 'x.json: scale is -Infinity, expected a number'],
    [{ name: 'n', scale: '1' }, 'x.json: scale is "1", expected a number'],
    [{ name: 'n', inner: [] }, 'x.json: inner is [], expected an object'],
    [{ name: 'n', inner: {} }, 'x.json: inner.rate is missing, expected a number above 0'],
    [{ name: 'n', inner: { rate: 1, first: -1 } }, 'x.json: inner.first is -1, expected a whole number from 0'],
    [{ name: 'n', list: {} }, 'x.json: list is {}, expected a list'],
    [{ name: 'n', list: [{ on: true }, { on: 1 }] }, 'x.json: list[1].on is 1, expected true or false'],
    [{ name: 'n', kind: 'c' }, 'x.json: kind is "c", expected a, b'],
    [null, 'x.json: it is null, expected an object'],
    [[], 'x.json: it is [], expected an object'],
  ])('%j ends in a sentence', (value, sentence) => {
    expect(sentenceOf(value)).toBe(sentence)
  })

  it('takes no name of a prototype for a field', () => {
    const odd = objectOf({ constructor: text, toString: text })
    const given = JSON.parse('{"__proto__": {"constructor": "a", "toString": "b"}}') as unknown
    expect(() => checked('x.json', odd, given)).toThrow('x.json: constructor is missing, expected a text')
  })

  it('shows the beginning of what would unfold into billions of values', () => {
    let value: unknown = 'x'
    for (let level = 0; level < 40; level++) value = [value, value, value]
    expect(sentenceOf({ name: value }).length).toBeLessThan(200)
  })
})

it('a file holds an object, or says so', () => {
  expect(jsonObject('x.json', '{"a": 1}')).toEqual({ a: 1 })
  expect(() => jsonObject('x.json', '{')).toThrow('x.json is not valid JSON; download it again')
  for (const json of ['null', '[]', '1', '"a"'])
    expect(() => jsonObject('x.json', json, 'delete it')).toThrow('x.json is not a JSON object; delete it')
})

it('unknown names get the nearest ones, those of prototypes too', () => {
  const refuse = (given: object) => () => refuseUnknownNames('--x: there is no', given, ['width', 'height'])
  expect(refuse({ width: 1 })).not.toThrow()
  expect(refuse({ widht: 1 })).toThrow('--x: there is no "widht"; did you mean "width"')
  expect(refuse({ constructor: 1 })).toThrow('--x: there is no "constructor"; it takes width, height')
  expect(refuse(JSON.parse('{"__proto__": 1}') as object)).toThrow('"__proto__"')
})
