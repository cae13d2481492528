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

it('gives bytes that are no character to the token after them', () => {
  // byte fallback, as Gemma's: a run of bytes is characters or one U+FFFD for each
  const run = (bytes: readonly number[]) => {
    const text = Buffer.from(bytes).toString('utf8')
    return text.includes('\ufffd') ? '\ufffd'.repeat(bytes.length) : text
  }
  const decode = (ids: readonly number[]) => {
    let [text, bytes] = ['', [] as number[]]
    for (const id of ids)
      if (id < 256) bytes.push(id)
      else [text, bytes] = [`${text}${run(bytes)}w`, []]
    return text + run(bytes)
  }
  const gemma = { decode } as unknown as Tokenizer
  expect(tokenTexts(gemma, [999, 0x41, 0xe2, 999, 999])).toEqual(['w', '', '', '\ufffd\ufffdw', 'w'])
  expect(tokenTexts(gemma, [0x41, 0xc3, 0xa9, 999])).toEqual(['A', '', 'é', 'w'])
  expect(tokenTexts(gemma, [999, 0x41, 0xe2])).toEqual(['w', '', '\ufffd\ufffd'])
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
