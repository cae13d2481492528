import { readFileSync } from 'node:fs'
import { isDict, type PyDict, PyFloat, type PyValue, parseJson, toPlain } from '@saeval/python'
import { describe, expect, it } from 'vitest'
import { fixturePath } from '../../../tests/fixtures.js'
import { parseModelArgs } from './model-args.js'
import { seeds } from './options/parse-option.js'

const golden = parseJson(readFileSync(fixturePath('golden/units/arguments.json'), 'utf8')) as PyDict
const plain = (value: PyValue): PyValue => {
  if (isDict(value) && value.has('$float'))
    return new PyFloat(Number(String(value.get('$float')).replace('inf', 'Infinity')))
  return isDict(value) ? new Map([...value].map(([key, item]) => [key, plain(item)])) : value
}

describe('--model_args', () => {
  it.each((golden.get('model_args') as PyDict[]).map((item) => [item.get('input') as string, item] as const))(
    '%s',
    (input, item) => {
      const cli = item.get('cli') as PyDict
      // Python's int() fails on digits like a superscript two with a stack trace; here they are text
      if (input.includes('\u00b2')) expect(parseModelArgs(input).get('b')).toBe('\u00b2')
      // the golden is of a development version; the 0.4.13 that was released keeps brackets together (below)
      else if (input.includes('['))
        expect(toPlain(parseModelArgs(input))).toEqual(input === 'a=[]' ? { a: [] } : { x: [1, 2], y: 3 })
      else if (cli.has('error')) expect(() => parseModelArgs(input)).toThrow(/is not name=value/)
      else expect(parseModelArgs(input)).toEqual(plain(cli.get('output')!))
    },
  )

  // what key_val_to_dict of lm_eval 0.4.13 (_cli/utils.py) makes of them
  it.each<readonly [string, object]>([
    ["until=['.','x'],max_gen_toks=12", { until: ['.', 'x'], max_gen_toks: 12 }],
    ["a=(1,'b'),c=[[1, 2], [true]]", { a: [1, 'b'], c: '[[1, 2], [true]]' }],
    [`stop=["a,b", 'c=d'],x=5`, { stop: ['a,b', 'c=d'], x: 5 }],
    [`a='x,y',b="it's, so"`, { a: 'x,y', b: "it's, so" }],
    ['a=1,,b=2,', { a: 1, b: 2 }],
    ["m=don't,b=1", { m: "don't,b=1" }],
    ['a=[1,2', { a: '[1,2' }],
    ['a=1],b=2', { a: '1]', b: 2 }],
    ["x=[{'k': [1, None]}],y=None", { x: [{ k: [1, null] }], y: null }],
    ["until=[',', '\\n']", { until: [',', '\n'] }],
    ['re=\\d{1,3},b=1', { re: '\\d{1,3}', b: 1 }],
    ['a=f(x,y),b=2', { a: 'f(x,y)', b: 2 }],
    ["t={'a': 1, 'b': ['c', True]},u=2", { t: { a: 1, b: ['c', true] }, u: 2 }],
    ['a=[1,2],a=3,b=1', { a: 3, b: 1 }],
    ['n=0x10,m=[]', { n: 16, m: [] }],
  ])('%s', (text, expected) => {
    expect(toPlain(parseModelArgs(text))).toEqual(expected)
  })

  it('takes JSON and refuses what looks like it', () => {
    expect(parseModelArgs('{"pretrained": "a/b", "x": [1, 2.0]}')).toEqual(
      new Map<string, PyValue>([
        ['pretrained', 'a/b'],
        ['x', [1, new PyFloat(2)]],
      ]),
    )
    expect(() => parseModelArgs("{'a': 1}")).toThrow(/double quotation marks/)
    expect(() => parseModelArgs('a=1,b={"a": true}')).toThrow(/is not a JSON object: {"a": true}/)
    expect(() => parseModelArgs('a=[1,2],b')).toThrow('"b" is not name=value')
  })
})

describe('--seed', () => {
  it.each((golden.get('seed') as PyDict[]).map((item) => [item.get('seed') as string, item] as const))(
    '%s',
    (text, item) => {
      if (item.has('error')) expect(() => seeds(text)).toThrow()
      else expect(Object.values(seeds(text))).toEqual(item.get('output'))
    },
  )
})
