import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { numberIn, readCardSamples, strippedSamples } from './card-samples.js'
import type { CardTexts } from './card-texts.js'

const line = {
  doc_id: 3,
  doc: { question: 'secret question' },
  target: 'secret target',
  arguments: { gen_args_0: { arg_0: 'secret prompt', arg_1: ' yes' } },
  // a line of a text, which no line of the file ends at
  resps: [[['-1.5', 'True']], [['-inf', 'False']], [['written\u2028text']].flat()],
  filtered_resps: [['-1.5', 'True'], 'written'],
  filter: 'none',
  metrics: ['acc', 'bleu', 'brier_score'],
  doc_hash: 'd',
  prompt_hash: 'p',
  target_hash: 't',
  acc: 1.0,
  bleu: ['secret target', 'written'],
  brier_score: [1, 0.5],
}

async function stripped(texts: CardTexts): Promise<{ path: string; text: string }> {
  const path = join(temporaryFolder(), 'samples.jsonl')
  writeFileSync(path, `${JSON.stringify(line)}\n`)
  let text = ''
  for await (const part of strippedSamples(path, texts)) text += part
  writeFileSync(path, text)
  return { path, text }
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = []
  for await (const item of items) list.push(item)
  return list
}

it('takes out documents, prompts, targets, and metrics that hold them', async () => {
  const { text } = await stripped('answers')
  expect(text).not.toContain('secret')
  expect(text).toContain('written')
  expect(JSON.parse(text)).toMatchObject({ acc: 1, brier_score: [1, 0.5], arguments: {} })
})

it('takes out what the model wrote too, but for its hash', async () => {
  const { text } = await stripped('none')
  expect(text).not.toMatch(/secret|written/)
  expect(text).toMatch(/\[\["-1.5", "True"\]\], \[\["-inf", "False"\]\], \["sha256:[0-9a-f]{64}"\]\]/)
})

it('takes out numbers and truths that the model wrote, too', async () => {
  const path = join(temporaryFolder(), 'samples.jsonl')
  const request = { gen_args_0: { arg_0: 'q', arg_1: { until: ['.'] } } }
  writeFileSync(path, `${JSON.stringify({ ...line, arguments: request, resps: [['42']], filtered_resps: ['True'] })}\n`)
  let text = ''
  for await (const part of strippedSamples(path, 'none')) text += part
  expect(JSON.parse(text).resps[0][0]).toMatch(/^sha256:/)
  expect(JSON.parse(text).filtered_resps[0]).toMatch(/^sha256:/)
})

it('keeps everything where that is wanted, with the same hash of the requests', async () => {
  const [whole, few] = [await stripped('all'), await stripped('answers')]
  expect(JSON.parse(whole.text)).toMatchObject(line)
  expect(JSON.parse(whole.text).requests_hash).toBe(JSON.parse(few.text).requests_hash)
})

it('reads answers again, and no more lines than there may be', async () => {
  const { path } = await stripped('answers')
  const [sample] = await all(readCardSamples(path, 1))
  expect(sample).toMatchObject({ docId: 3, filter: 'none', metrics: new Map([['acc', 1]]) })
  expect(sample!.answers).toEqual([
    [{ logprob: -1.5, isGreedy: true }],
    [{ logprob: Number.NEGATIVE_INFINITY, isGreedy: false }],
    [{ text: 'written\u2028text' }],
  ])
  await expect(all(readCardSamples(path, 0))).rejects.toThrow('has more than 0 lines')
  for (const wrong of ['[1]', '{"doc_id": "x"}', '{', `{"doc_id": 1, "filter": "none", "resps": [[{}]]}`]) {
    writeFileSync(path, `${wrong}\n`)
    await expect(all(readCardSamples(path, 9))).rejects.toThrow(/samples\.jsonl:1 is not/)
  }
})

it.each([
  ['-1.25e-05', -1.25e-5],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['12', 12],
  ['12 apples', null],
  ['', null],
])('%s is a number or none', (text, value) => {
  expect(numberIn(text)).toBe(value)
})
