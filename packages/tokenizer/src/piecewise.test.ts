import { expect, it } from 'vitest'
import { piecewise } from './piecewise.js'

/** Character codes, 1 in front as special token; remembers what it was asked. */
function recorder() {
  const asked: string[] = []
  const encode = piecewise((text, addSpecialTokens) => {
    asked.push(text)
    return [...(addSpecialTokens ? [1] : []), ...Array.from(text, (character) => character.charCodeAt(0))]
  })
  asked.length = 0
  return { asked, encode }
}

const codes = (text: string) => Array.from(text, (character) => character.charCodeAt(0))

it('cuts between a letter or digit and a newline, and nowhere else', () => {
  const { asked, encode } = recorder()
  const text = '\nQ: 1+1?\nA. 2\nZ z\n\nAnswer:\n\u00e9\n_\n@\n[\n`\n{\n/\n:\na9\r\n0\n'
  expect(encode(text, false)).toEqual(codes(text))
  expect(asked).toEqual(['\nQ: 1+1?\nA. 2', '\nZ z', '\n\nAnswer:\n\u00e9\n_\n@\n[\n`\n{\n/\n:\na9\r\n0', '\n'])
})

it('encodes a piece once and puts special tokens before the whole', () => {
  const { asked, encode } = recorder()
  expect(encode('one\ntwo\nthree', true)).toEqual([1, ...codes('one\ntwo\nthree')])
  encode('one\ntwo\nfour', true).fill(0)
  expect(encode('one\ntwo\nfour', false)).toEqual(codes('one\ntwo\nfour'))
  expect(asked).toEqual(['one', '\ntwo', '\nthree', '\nfour'])
  expect(encode('', true)).toEqual([1])
  expect(encode('', false)).toEqual([])
})

it('keeps a bounded number of characters and no long piece', () => {
  const { asked, encode } = recorder()
  const document = 'x'.repeat(20_001)
  encode(`start\n${document}`, false)
  encode(`start\n${document}`, false)
  expect(asked.map((text) => text.length)).toEqual([5, 20_002, 20_002])
  for (let index = 0; index < 100; index++) encode(`${index}`.padEnd(10_000, '-'), false)
  asked.length = 0
  encode('start', false)
  expect(asked).toEqual(['start'])
})
