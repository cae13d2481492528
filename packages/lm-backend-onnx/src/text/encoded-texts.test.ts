import { expect, it } from 'vitest'
import type { GenerateParts } from '../generation/generate-until.js'
import { readGenerateUntil } from '../generation/generate-until.js'
import { noRequests, type ReadParts, readLoglikelihood, readLoglikelihoodRolling } from '../scoring/read-requests.js'
import { EncodedTexts } from './encoded-texts.js'

it('makes once what several readers of the same requests need, and anew what has changed', () => {
  const texts: string[] = []
  const tokenizer = {
    bos: null,
    eos: null,
    encode: (text: string) => {
      texts.push(text)
      return Array.from(text, (_, at) => at)
    },
    decode: () => '<none>',
  }
  const device = (encoded: EncodedTexts) =>
    ({
      forward: {
        masks: () => null,
        cannotWrite: null,
        spec: { vocabSize: 99, maxPositions: 99, maxPositionsIsHard: false },
      },
      rules: { tokenizer, addBosToken: null, prefixTokenId: 0, maxLength: 40, thinkEnd: null, thinking: false },
      interventions: [],
      counts: noRequests(),
      batchSize: 1,
      modelSettings: { file: 'none', values: {}, unknown: [] },
      onOrigins: () => {},
      notice: () => {},
      encoded,
    }) as unknown as GenerateParts & ReadParts
  const pair = { type: 'loglikelihood', context: 'a dog', continuation: ' barks' } as const
  const rolling = { type: 'loglikelihood_rolling', text: 'a cat sleeps' } as const
  const prompt = {
    type: 'generate_until',
    context: 'a horse',
    until: [],
    maxGenToks: 4,
    temperature: 0,
    doSample: false,
  } as const
  const readAll = (parts: GenerateParts & ReadParts) => {
    readLoglikelihood(parts, [pair])
    readLoglikelihoodRolling(parts, [rolling])
    readGenerateUntil(parts, [prompt])
    return parts.counts.tokens.requested
  }
  const encoded = new EncodedTexts()
  const requested = readAll(device(encoded))
  expect(new Set(texts)).toEqual(new Set(['a dog', 'a dog barks', 'a cat sleeps', 'a horse']))
  const before = texts.length
  // what was read counts for each of them
  expect(readAll(device(encoded))).toBe(requested)
  expect(texts.slice(before)).toEqual([])
  Object.assign(prompt, { context: 'a mare' })
  readAll(device(encoded))
  expect(texts.slice(before)).toEqual(['a mare'])
})
