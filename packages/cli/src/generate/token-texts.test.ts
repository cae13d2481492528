import type { Tokenizer } from '@saeval/lm-backend-onnx'
import { expect, it } from 'vitest'
import { settledText, tokenTexts } from './token-texts.js'

// byte-level, as GPT-2's: "é" is two tokens
const bytes = [...Buffer.from('aé!')]
const tokenizer = { decode: (ids: readonly number[]) => Buffer.from(ids).toString('utf8') } as unknown as Tokenizer

it('gives a character of several tokens to the last of them', () => {
  expect(tokenTexts(tokenizer, bytes)).toEqual(['a', '', 'é', '!'])
  expect(tokenTexts(tokenizer, bytes.slice(0, 2))).toEqual(['a', '\ufffd'])
  expect(tokenTexts(tokenizer, [])).toEqual([])
})

it.each([
  ['one two', [], 'one two'],
  ['one \ufffd', [], 'one '],
  ['one two.\n', ['\n\n'], 'one two.'],
  ['one two.\n\nthree', ['\n\n'], 'one two.'],
  ['a stop b', ['', 'stop', 'a s'], ''],
  ['one st', ['stop', 'tea'], 'one '],
])('shows of %j before %j what will stay', (text, stops, settled) => {
  expect(settledText(text, stops)).toBe(settled)
})
