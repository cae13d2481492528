import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { plainSettings } from '@saeval/language-model'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { openModelFiles } from '../weights/weight-files.js'
import { chooseTokens } from './choose-tokens.js'
import { logitsProcessors } from './logits-processors.js'
import { readModelSettings } from './model-settings.js'
import { newTokensLimit, originsLine, resolveSettings } from './resolve-settings.js'

async function read(files: Readonly<Record<string, unknown>>) {
  const folder = temporaryFolder()
  const all = { 'config.json': {}, ...files }
  for (const [name, value] of Object.entries(all))
    writeFileSync(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value))
  return readModelSettings(await openModelFiles(folder, undefined, {}))
}

const greedy = { doSample: false }
const sampled = { doSample: true }

describe("settings of a model's files", () => {
  it('are those of generation_config.json alone where there is one', async () => {
    const config = { eos_token_id: 3, repetition_penalty: 1.5 }
    const own = { do_sample: true, top_p: 0.8, top_k: null, chat_format: 'x' }
    const settings = await read({ 'config.json': config, 'generation_config.json': own })
    expect(settings).toEqual({ file: 'generation_config.json', values: { top_p: 0.8 }, unknown: ['chat_format'] })
    const { origins } = resolveSettings(settings, sampled, null)
    expect(originsLine(origins, settings)).toBe(
      "texts are generated with top_p=0.8 (generation_config.json), top_k=50 (transformers' default), nothing by chat_format of generation_config.json",
    )
  })

  it('are else those of config.json, then of its text model', async () => {
    const config = { eos_token_id: 3, hidden_size: 8, text_config: { eos_token_id: 4, no_repeat_ngram_size: 2 } }
    expect((await read({ 'config.json': config })).values).toEqual({ eos_token_id: 3, no_repeat_ngram_size: 2 })
  })

  it('are refused where they are no object', async () => {
    await expect(read({ 'generation_config.json': '{' })).rejects.toThrow(/generation_config.json is not valid JSON/)
    await expect(read({ 'generation_config.json': '[]' })).rejects.toThrow(
      /generation_config.json is not a JSON object/,
    )
  })

  it.each([
    [
      { num_beams: 4 },
      /generation_config.json of the model: num_beams is 4: beam search is not supported; `genKwargs` num_beams=/,
    ],
    [{ penalty_alpha: 0.6, top_k: 4 }, /penalty_alpha is 0.6: contrastive search/],
    [{ guidance_scale: 1.5 }, /classifier-free guidance/],
    [{ stop_strings: ['a'] }, /stop strings/],
    [{ watermarking_config: {} }, /watermarking/],
    [{ prompt_lookup_num_tokens: 3 }, /assisted generation/],
    [{ max_time: 3 }, /an end by the clock/],
    [{ cache_implementation: 'quantized' }, /a cache that rounds/],
    [{ repetition_penalty: 0 }, /repetition_penalty is 0, not a number above 0/],
  ])('are refused by name: %j', async (values, message) => {
    const settings = await read({ 'generation_config.json': values })
    expect(() => resolveSettings(settings, greedy, null)).toThrow(message)
    // a request may say otherwise
    const [name] = Object.keys(values)
    expect(resolveSettings(settings, { ...greedy, settings: { [name!]: null } }, null).settings).toEqual({})
    expect(resolveSettings(settings, { ...greedy, settings: plainSettings }, null).settings).toEqual({})
  })
})

describe('a request', () => {
  const model = {
    file: 'generation_config.json',
    values: { top_k: 20, repetition_penalty: 1.1, eos_token_id: 5 },
    unknown: [],
  }

  it('counts more than the files, null switches off', () => {
    expect(resolveSettings(model, sampled, 5).settings).toEqual({ top_k: 20, repetition_penalty: 1.1, eos_token_id: 5 })
    const settings = { top_k: null, repetition_penalty: 1, min_p: 0.1 }
    const resolved = resolveSettings(model, { ...sampled, settings }, 5)
    expect(resolved).toEqual({ settings: { min_p: 0.1, eos_token_id: 5 }, origins: {} })
  })

  it('that takes the most likely token has no use for settings of sampling', () => {
    expect(resolveSettings(model, greedy, 5).origins).toEqual({ 'generation_config.json': { repetition_penalty: 1.1 } })
  })

  it('with min_new_tokens has no use for min_length', () => {
    const files = { ...model, values: { min_length: 9 } }
    expect(resolveSettings(files, greedy, 5).settings).toEqual({ min_length: 9 })
    expect(resolveSettings(files, { ...greedy, settings: { min_new_tokens: 0 } }, 5).settings).toEqual({})
  })

  it('has the number of new tokens that generate() takes', () => {
    expect(newTokensLimit({}, 10, 256)).toBe(256)
    expect(newTokensLimit({ max_length: 30 }, 10, 256)).toBe(20)
    expect(newTokensLimit({ max_length: 30, max_new_tokens: 4 }, 10, 256)).toBe(4)
    expect(() => newTokensLimit({ max_length: 10 }, 10, 256)).toThrow(/max_length 10 leaves no room/)
  })

  it('names tokens that there are', () => {
    expect(() => logitsProcessors({ bad_words_ids: [[24]] }, 24)).toThrow(/bad_words_ids names token 24, outside/)
    expect(() => logitsProcessors({ exponential_decay_length_penalty: [1, 2] }, 24)).toThrow(/give eos_token_id/)
  })
})

it('asks for logits only at tokens at which a processor acts', async () => {
  let asked = 0
  const forward = {
    head: async () => ({ logprobs: new Float32Array(), argmax: [2, 2] }),
    logits: async () => {
      asked++
      return { logits: [Float32Array.of(1, 2, 3), Float32Array.of(1, 2, 3)], overflows: [false, false] }
    },
  }
  const tensor = { dtype: 'float32', dims: [2, 4], location: 'cpu', dispose: () => {} } as const
  const hidden = { tensor, rows: 2, ready: Promise.resolve(), dispose: () => {} }
  const processors = logitsProcessors({ min_new_tokens: 1, eos_token_id: 2 }, 3)
  const text = { ids: [0, 1], promptLength: 2, maxLength: 9, uniform: () => 0.5 }
  const choose = (ids: number[]) =>
    chooseTokens(forward, hidden, { sampling: null, processors }, [{ ...text, ids }, null])
  expect(await choose([0, 1])).toEqual([1, null])
  expect(asked).toBe(1)
  expect(await choose([0, 1, 1])).toEqual([2, 2])
  expect(asked).toBe(1)
})

it('takes no logits off the device for what forbids nothing', () => {
  const nothing = { min_new_tokens: 5, min_length: 9, suppress_tokens: [], begin_suppress_tokens: [] }
  expect(logitsProcessors(nothing, 3)).toEqual([])
  expect(logitsProcessors({ ...nothing, eos_token_id: 2 }, 3)).toHaveLength(2)
})
