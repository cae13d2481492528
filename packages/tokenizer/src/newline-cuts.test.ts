import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Tokenizer as FastTokenizer } from '@huggingface/tokenizers'
import { seededUniform } from '@saeval/hub/internal/seeded-uniform'
import { describe, expect, it } from 'vitest'
import { fixturePath } from '../../../tests/fixtures.js'
import { canCutBeforeNewlines } from './newline-cuts.js'
import { piecewise } from './piecewise.js'

type Json = Record<string, unknown>

const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Json

/** tokenizer.json of every model among the fixtures. */
function tokenizers(): (readonly [name: string, file: Json])[] {
  const hub = fixturePath('hf-home/hub')
  return readdirSync(hub).flatMap((repository) => {
    if (!repository.startsWith('models--')) return []
    const snapshots = join(hub, repository, 'snapshots')
    return readdirSync(snapshots)
      .filter((snapshot) => readdirSync(join(snapshots, snapshot)).includes('tokenizer.json'))
      .map(
        (snapshot) => [repository.slice('models--'.length), read(join(snapshots, snapshot, 'tokenizer.json'))] as const,
      )
  })
}

const real = tokenizers()
const gemma = real.find(([name]) => name === 'google--gemma-2-2b')![1]

/** Both sides of cuts. */
const sides = ['a', 'Z', 'KA', 'the', 'foo', '7', '2024', 'Answer', '\n', '\n', '\n', '\n\n', '\n\n\n', '\n ', '\n\t']

/** What some step of some tokenizer treats by itself. */
const others = [
  ...[
    ' ',
    '  ',
    '      ',
    '\t',
    ' \n',
    '\r\n',
    '\r',
    '\n\r',
    '\u00a0',
    '\u0085',
    '\u2028',
    '\u3000',
    '\ufeff',
    '\u200b',
    '\0',
  ],
  ...[
    '.',
    ',',
    ':',
    '?',
    '...',
    "'s",
    "'re",
    "'S",
    "'",
    '"',
    '/',
    '-',
    '(',
    '))',
    '$',
    '▁',
    '▁▁',
    '<',
    '>',
    '_',
    '<0x0A>',
  ],
  ...['é', 'e\u0301', '\u0301', '\u212a', '\u037e', 'Ångström', '한', '\u1112\u1161', '你好', 'ß', 'Σ', 'ﬁ', 'Ċ', 'Ġ'],
  ...['\u00b2', '\u0661', '😀', '👩\u200d👩\u200d👧', '\ud83d', '\ude00'],
]

/** Random texts, with the tokenizer's added tokens among their parts; the same at every run. */
function texts(file: Json, count: number): string[] {
  const added = (file.added_tokens as { content: string }[]).map(({ content }) => content)
  const rare = [...others, ...added.slice(0, 12), ...added.slice(-12)]
  const next = seededUniform(7)
  const pick = () => {
    const from = next() < 0.7 ? sides : rare
    return from[Math.floor(next() * from.length)]!
  }
  return Array.from({ length: count }, () => Array.from({ length: Math.floor(next() * 30) }, pick).join(''))
}

function encoders(file: Json, config: Json = {}) {
  const fast = new FastTokenizer(file, config)
  const whole = (text: string, addSpecialTokens: boolean) =>
    fast.encode(text, { add_special_tokens: addSpecialTokens }).ids
  return { whole, cut: piecewise(whole) }
}

function expectSameIds(file: Json, count = 1000) {
  const { whole, cut } = encoders(file)
  let cuts = 0
  for (const text of texts(file, count)) {
    cuts += text.match(/[A-Za-z0-9]\n/g)?.length ?? 0
    for (const addSpecialTokens of [true, false])
      expect({ text, ids: cut(text, addSpecialTokens) }).toEqual({ text, ids: whole(text, addSpecialTokens) })
  }
  expect(cuts).toBeGreaterThan(count)
}

describe('ids of the parts are those of the whole', () => {
  it.each(real)('%s', (name, file) => {
    // a piece behind a cut would get a space of its own
    // a piece behind a cut would get a space of its own
    const prepends = name.startsWith('mistralai--Mistral')
    expect(canCutBeforeNewlines(file, {})).toBe(!prepends)
    if (!prepends) expectSameIds(file)
  })

  const strip = { lstrip: true, rstrip: true, special: true }
  const digits = { type: 'Digits', individual_digits: true }
  const bytes = { type: 'ByteLevel', add_prefix_space: false, use_regex: true }
  const replace = { type: 'Replace', pattern: { String: ' ' }, content: '▁' }
  it.each([
    ['words across cuts', { added_tokens: [] }],
    ['digits by themselves', { added_tokens: [], pre_tokenizer: digits }],
    [
      'digits, then GPT-2 words',
      { normalizer: null, pre_tokenizer: { type: 'Sequence', pretokenizers: [digits, bytes] } },
    ],
    ['no normalizer', { added_tokens: [], normalizer: null }],
    ['NFKC, then spaces', { normalizer: { type: 'Sequence', normalizers: [{ type: 'NFKC' }, replace] } }],
    ['spaces as tokens', { added_tokens: [{ ...strip, id: 4, content: '  ', special: false, normalized: true }] }],
    [
      'tokens that take white space',
      {
        added_tokens: [
          { ...strip, id: 5, content: '<mask>' },
          { ...strip, id: 6, content: '\n\n' },
          { ...strip, id: 7, content: '▁' },
        ],
      },
    ],
  ])('%s', (_, change) => {
    const file = { ...gemma, ...change }
    expect(canCutBeforeNewlines(file, {})).toBe(true)
    expectSameIds(file)
  })
})

/** A small tokenizer whose words span cuts. */
function made({ model = {}, config = {}, ...change }: Json & { model?: Json; config?: Json }) {
  const characters = [...' ▁\nabcfokKAx<>/w', '<unk>', '<s>', '</s>', ...((model.more ?? []) as string[])]
  const file = {
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    added_tokens: [],
    model: {
      type: 'BPE',
      vocab: Object.fromEntries(characters.map((character, index) => [character, index])),
      merges: [],
      unk_token: '<unk>',
      ...model,
    },
    ...change,
  }
  return { file, config }
}

const template = (...items: string[]) => ({
  type: 'TemplateProcessing',
  single: items.map((id) => (id === 'A' ? { Sequence: { id } } : { SpecialToken: { id } })),
})

describe('a tokenizer for which it would be wrong is not cut', () => {
  it('the small one can be', () => {
    const { file, config } = made({ post_processor: template('<s>', 'A') })
    expect(canCutBeforeNewlines(file, config)).toBe(true)
    const { whole, cut } = encoders(file)
    expect(cut('a\nb', true)).toEqual(whole('a\nb', true))
  })

  const unk = { merges: [], vocab: { '<unk>': 0, b: 1 }, fuse_unk: true }
  const split = (Regex: string) => ({ type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false })
  const replaceSpace = { type: 'Replace', pattern: { String: ' ' }, content: '▁' }
  /** Each with a text whose ids cutting would change. */
  it.each<[string, Parameters<typeof made>[0], string]>([
    ['a merge across', { model: { merges: [['a', '\n']], more: ['a\n'] } }, 'a\nb'],
    ['a merge across, in the old form', { model: { merges: ['b a', 'ba \n'], more: ['ba', 'ba\n'] } }, 'ba\nb'],
    ['a prefix', { normalizer: { type: 'Prepend', prepend: '▁' } }, 'a\nb'],
    ['stripping', { normalizer: { type: 'Strip', strip_left: true } }, 'a\nb'],
    [
      'a pattern that is replaced',
      { normalizer: { type: 'Replace', pattern: { Regex: 'a\\n' }, content: 'c' } },
      'a\nb',
    ],
    [
      'one in a sequence',
      { normalizer: { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: 'x' }] } },
      'a\nb',
    ],
    ['metaspace', { pre_tokenizer: { type: 'Metaspace', prepend_scheme: 'always' } }, 'a\nb'],
    ['a space before the first byte', { pre_tokenizer: { type: 'ByteLevel', add_prefix_space: true } }, 'a\nb'],
    [
      'bytes without a pattern',
      {
        pre_tokenizer: { type: 'ByteLevel', use_regex: false },
        model: { merges: [['a', 'Ċ']], more: ['Ċ', 'aĊ'] },
      },
      'a\nb',
    ],
    [
      'an unknown pattern',
      { pre_tokenizer: split('(?<=a)\\n'), model: { merges: [['\n', 'b']], more: ['\nb'] } },
      'a\nb',
    ],
    ['an added token across', { added_tokens: [{ id: 3, content: 'a\nb' }] }, 'a\nb'],
    ['one that ends in a sign', { added_tokens: [{ id: 3, content: 'a\n>' }] }, 'a\n>'],
    ['one that takes the newline', { added_tokens: [{ id: 3, content: 'xa', rstrip: true }] }, 'xa\nb'],
    [
      'one that only reads so after normalising',
      { added_tokens: [{ id: 3, content: '▁fo', special: true }], normalizer: replaceSpace },
      ' fo\nb',
    ],
    [
      'one with the Kelvin sign for K',
      { added_tokens: [{ id: 3, content: 'KA', special: true }], normalizer: { type: 'NFC' } },
      '\u212aA\nb',
    ],
    [
      'one that normalises to a letter and takes the newline',
      { added_tokens: [{ id: 3, content: '\u212a', normalized: true, rstrip: true }], normalizer: { type: 'NFC' } },
      'K\nb',
    ],
    ['unknown tokens that fuse', { model: unk }, 'a\nb'],
    ['whole words without merges', { model: { ignore_merges: true, more: ['abc'] } }, 'abc\nb'],
    ['a suffix of words', { model: { end_of_word_suffix: '</w>', more: ['a</w>'] } }, 'a\nb'],
    ['a suffix of parts', { model: { continuing_subword_suffix: '@', more: ['a@', '\n@'] } }, 'a\nb'],
    ['a template that ends texts', { post_processor: template('<s>', 'A', '</s>') }, 'a\nb'],
    ['spaces that are taken together', { config: { remove_space: true } }, 'a\nb'],
  ])('%s', (_, change, text) => {
    const { file, config } = made(change)
    expect(canCutBeforeNewlines(file, config)).toBe(false)
    const { whole, cut } = encoders(file, config)
    expect(cut(text, true)).not.toEqual(whole(text, true))
  })

  it.each<[string, Parameters<typeof made>[0]]>([
    ['an unknown normalizer', { normalizer: { type: 'BertNormalizer' } }],
    ['an unknown pre-tokenizer', { pre_tokenizer: { type: 'Whitespace' } }],
    ['words that are dropped', { pre_tokenizer: { type: 'Split', pattern: { String: ' ' }, invert: true } }],
    ['matches that are dropped', { pre_tokenizer: { ...split("▁?[\\p{L}']+|▁?[^\\p{L}▁]|▁"), behavior: 'Removed' } }],
    ['letters that are rewritten', { config: { do_lowercase_and_remove_accent: true } }],
    ['tokens that are whole words only', { added_tokens: [{ id: 3, content: '<s>', single_word: true }] }],
    ['an unknown post-processor', { post_processor: { type: 'BertProcessing', cls: ['<s>', 1], sep: ['</s>', 2] } }],
    ['a template without the text', { post_processor: template('<s>') }],
    ['another model', { model: { type: 'Unigram' } }],
  ])('%s', (_, change) => {
    const { file, config } = made(change)
    expect(canCutBeforeNewlines(file, config)).toBe(false)
  })
})
