import { join } from 'node:path'
import { Tokenizer as FastTokenizer } from '@huggingface/tokenizers'
import { describe, expect, it, vi } from 'vitest'
import { modelFolder, modelsHere, needsModel } from '../../../tests/fixtures.js'
import { encodeText, resolvePrefixTokenId } from '../../lm-backend-onnx/src/text/encode-requests.js'
import { loadTokenizer } from './tokenizer.js'

function load(repository: string, modelType: string, addBosToken: boolean | null) {
  const folder = modelFolder(repository)
  return loadTokenizer({
    tokenizerJson: join(folder, 'tokenizer.json'),
    tokenizerConfig: join(folder, 'tokenizer_config.json'),
    specialTokensMap: null,
    chatTemplate: null,
    modelType,
    addBosToken,
  })
}

/** First tokens of "Hello there" by AutoTokenizer.from_pretrained(…, add_bos_token=…) of transformers 5.18. */
const goldens = [
  ['EleutherAI/pythia-70m-deduped', 'gpt_neox', [41, 70, 77], [0, 41, 70]],
  ['openai-community/gpt2', 'gpt2', [15496, 612], [50256, 15496, 612]],
  ['roneneldan/TinyStories-33M', 'gpt_neo', [39, 68, 75], [1200, 39, 68]],
  ['openai/gpt-oss-20b', 'gpt_oss', [39, 68, 75], [1400, 39, 68]],
  ['google/gemma-2-2b', 'gemma2', [326, 1557, 513], [2, 326, 1557]],
  ['meta-llama/Llama-3.1-8B', 'llama', [39, 68, 75], [1500, 39, 68]],
] as const

describe('add_bos_token', () => {
  const names = modelsHere(goldens.map(([name]) => name))
  it.each(goldens.filter(([name]) => names.includes(name)))('%s', async (name, modelType, without, withBos) => {
    for (const [addBosToken, expected] of [
      [false, without],
      [true, withBos],
    ] as const) {
      const tokenizer = await load(name, modelType, addBosToken)
      const rules = { tokenizer, addBosToken, prefixTokenId: tokenizer.bos!.id, maxLength: 64 }
      expect(encodeText(rules, 'Hello there').slice(0, expected.length)).toEqual(expected)
      expect(tokenizer.encode('Hello there', { addSpecialTokens: false }).slice(0, without.length)).toEqual(without)
      // a text that brings its own gets no second one
      expect(encodeText(rules, `${tokenizer.bos!.text}Hello there`).slice(0, withBos.length)).toEqual(withBos)
    }
  })

  it('needs a BOS token', needsModel('Qwen/Qwen3-1.7B'), async () => {
    await expect(load('Qwen/Qwen3-1.7B', 'qwen3', true)).rejects.toThrow(/no BOS token, so add_bos_token=true cannot/)
  })
})

it('prefix_token_id is a token of the model', async () => {
  const tokenizer = await load('google/gemma-2-2b', 'gemma2', null)
  expect(resolvePrefixTokenId(tokenizer, 7, 100)).toBe(7)
  expect(() => resolvePrefixTokenId(tokenizer, 100, 100)).toThrow(/prefix_token_id is 100, outside/)
})

it('goes through a text that comes again only where it is new', async () => {
  const tokenizer = await load('google/gemma-2-2b', 'gemma2', null)
  const examples = 'What does the dog eat?\nA. a bone\nB. a fish\nAnswer: A\n\n'
  const ids = tokenizer.encode(`${examples}x`)
  const encode = vi.spyOn(FastTokenizer.prototype, 'encode')
  try {
    expect(tokenizer.encode(`${examples}y`).slice(0, ids.length - 1)).toEqual(ids.slice(0, -1))
    expect(encode.mock.calls.map((call: unknown[]) => call[0])).toEqual(['\n\ny'])
  } finally {
    encode.mockRestore()
  }
})
