import { readFileSync } from 'node:fs'
import { isDict, type PyDict, PyFloat, type PyValue, parseJson } from '@saeval/eval-harness'
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
      else if (cli.has('error')) expect(() => parseModelArgs(input)).toThrow(/is not name=value/)
      else expect(parseModelArgs(input)).toEqual(plain(cli.get('output')!))
    },
  )

  it('takes JSON and refuses what looks like it', () => {
    expect(parseModelArgs('{"pretrained": "a/b", "x": [1, 2.0]}')).toEqual(
      new Map<string, PyValue>([
        ['pretrained', 'a/b'],
        ['x', [1, new PyFloat(2)]],
      ]),
    )
    expect(() => parseModelArgs("{'a': 1}")).toThrow(/double quotation marks/)
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
