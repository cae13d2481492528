import { InputError } from '@saeval/hub'
import { describe, expect, it } from 'vitest'
import { openFastTokenizer } from './fast-tokenizer.js'
import { hasOtherPatterns } from './newline-cuts.js'

const whole = {
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
  post_processor: null,
  decoder: { type: 'ByteLevel' },
  model: { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: ['a b'] },
}
const open = (file: Readonly<Record<string, unknown>>) => openFastTokenizer('tokenizer.json', file, {}, [])
const bpe = (fields: object) => ({ ...whole, model: { ...whole.model, ...fields } })
const decoder = (config: object) => ({ ...whole, decoder: config })

describe('a damaged tokenizer.json', () => {
  it.each([
    [{ ...whole, model: null }, 'tokenizer.json: model is null, expected an object'],
    [bpe({ vocab: { a: 'x' } }), 'tokenizer.json: model.vocab.a is "x", expected a whole number from 0'],
    [bpe({ vocab: 3 }), 'tokenizer.json: model.vocab is 3, expected an object of token ids'],
    [bpe({ vocab: [['a']] }), 'tokenizer.json: model.vocab[0] is ["a"], expected a token and its score'],
    [bpe({ merges: {} }), 'tokenizer.json: model.merges is {}, expected a list'],
    [bpe({ merges: ['a b', ['a', 1]] }), 'tokenizer.json: model.merges[1] is ["a",1], expected two tokens'],
    [
      bpe({ type: 'constructor' }),
      'tokenizer.json: model.type is "constructor", expected BPE or WordPiece or Unigram or WordLevel',
    ],
    [
      { ...whole, pre_tokenizer: { type: 'Split', pattern: { Regex: [[]] }, behavior: 'Isolated', invert: false } },
      // nothing of the library's inside
      'tokenizer.json is not a tokenizer that can be used',
    ],
    [decoder({ type: 'CTC' }), 'tokenizer.json: decoder.type is "CTC", which is not supported'],
    [decoder({ type: 'constructor' }), /^tokenizer\.json is not a tokenizer that can be used: Unknown Decoder type/],
    [
      decoder({ type: 'Sequence', decoders: [{ type: 'Fuse' }, { type: 'Strip', content: 1 }] }),
      'tokenizer.json: decoder.decoders[1].content is 1, expected a text',
    ],
  ])('%j', (file, message) => {
    const read = () => open(file)
    expect(read).toThrow(InputError)
    expect(read).toThrow(message)
    if (typeof message === 'string')
      expect(() => open(file)).toThrow(new RegExp(`${message.replace(/[^\w ]/g, '\\$&')}$`))
  })

  it('is said too where it shows in a text only', () => {
    const tokenizer = open({
      ...whole,
      post_processor: {
        type: 'TemplateProcessing',
        single: [{ Sequence: { id: 'A' } }, 1],
        pair: [],
        special_tokens: {},
      },
    })
    expect(() => tokenizer.encode('ab', true)).toThrow(/^tokenizer\.json is not a tokenizer that can be used$/)
  })

  it('encodes as long as it is whole', () => {
    expect(open(whole).encode('abba', true)).toEqual([2, 1, 0])
  })
})

it('knows patterns that may take their time', () => {
  const split = (pattern: string) => ({ ...whole, pre_tokenizer: { type: 'Split', pattern: { Regex: pattern } } })
  expect(hasOtherPatterns(whole)).toBe(false)
  expect(hasOtherPatterns(split('(\\w+\\s?)+$'))).toBe(true)
})
