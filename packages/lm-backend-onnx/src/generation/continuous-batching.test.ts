import { join } from 'node:path'
import { seededUniform } from '@saeval/hub/internal/seeded-uniform'
import { type GenerateUntilRequest, generateUntil, type Work } from '@saeval/language-model'
import { loadModel, type OnnxModel } from '@saeval/lm-backend-onnx'
import { addStage } from '@saeval/sae-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demoFolder } from '../../../../tests/fixtures.js'

const words = 'the dog cat sat ran by a house river and old tree bird saw near'.split(' ')
const draw = seededUniform(3)
const text = (count: number) => Array.from({ length: count }, () => words[Math.floor(draw() * words.length)]).join(' ')

/** Sampled, so that a text that changes anywhere changes from there on. */
const request = (context: string, maxGenToks: number, index: number): GenerateUntilRequest => ({
  ...{
    type: 'generate_until' as const,
    context,
    maxGenToks,
    until: [' bird'],
    doSample: true,
    temperature: 1,
    settings: { top_k: 8 },
    draw: index,
  },
})

const models: OnnxModel[] = []
const open = async (batchSize: number | 'auto') => {
  const model = await loadModel({ model: join(demoFolder, 'model'), device: 'cpu', batchSize, maxLength: 1400 })
  models.push(model)
  return model
}
let one: OnnxModel
let three: OnnxModel
let many: OnnxModel
beforeAll(async () => {
  ;[one, three, many] = (await Promise.all([open(1), open(3), open('auto')])) as [OnnxModel, OnnxModel, OnnxModel]
})
afterAll(() => Promise.all(models.map((model) => model.close())))

/** What each request gives when it is all that is asked. */
async function alone(requests: readonly GenerateUntilRequest[], model: OnnxModel = one): Promise<string[]> {
  const texts: string[] = []
  for (const single of requests) texts.push(...(await generateUntil(model, [single])))
  return texts
}

/** Two preambles; below the first, questions that are asked several times; prompts that share nothing; a window is 64 tokens. */
function requestsOfAllKinds(): GenerateUntilRequest[] {
  const [first, second] = [text(90), text(80)]
  const questions = [text(40), text(45), text(12)]
  const contexts = [
    ...questions.flatMap((question) => [1, 2, 3].map(() => `${first} ${question}`)),
    ...[1, 2, 3, 4].map((count) => `${second} ${text(count)}`),
    ...[1, 5, 30].map((count) => text(count)),
    `${first} ${text(3)}`,
  ]
  return contexts.map((context, index) => request(context, [1, 24, 3, 70, 9, 12][index % 6]!, index))
}

describe('texts that are written side by side', () => {
  it('are what they are alone, whatever they share and whoever makes room for them', async () => {
    const requests = requestsOfAllKinds()
    const expected = await alone(requests)
    for (const model of [three, many]) {
      expect(await generateUntil(model, requests)).toEqual(expected)
      expect(await generateUntil(model, [...requests].reverse())).toEqual([...expected].reverse())
    }
  })

  it('are steered as they are alone', async () => {
    const hookPoint = 'blocks.2.hook_resid_post'
    const vector = Float32Array.from({ length: one.widthOf(hookPoint) }, (_, at) => 2 * Math.sin(at))
    const edits = [{ hookPoint, stages: [addStage(vector)] }]
    const requests = requestsOfAllKinds().slice(2, 12)
    const expected = await alone(requests, one.steer(edits) as OnnxModel)
    expect(await generateUntil(three.steer(edits), requests)).toEqual(expected)
    expect(expected).not.toEqual(await generateUntil(three, requests))
  })

  it('may have prompts of several passes', async () => {
    const preamble = text(560)
    const requests = [`${preamble} ${text(530)}`, `${preamble} ${text(20)}`, text(600), `${preamble} ${text(2)}`].map(
      (context, index) => request(context, 6, index),
    )
    expect(await generateUntil(many, requests)).toEqual(await alone(requests))
  })

  it('are hundreds that end at once', async () => {
    const requests = Array.from({ length: 300 }, (_, index) => request(`${text(2)} ${index % 7}`, index % 3, index))
    const [first, second] = [await generateUntil(many, requests), await generateUntil(three, requests)]
    expect(first).toEqual(second)
    expect(first.filter((written) => written === '').length).toBeGreaterThanOrEqual(100)
    expect(await generateUntil(many, [])).toEqual([])
  })

  it('are computed as planned, and tell of it', async () => {
    const requests = requestsOfAllKinds()
    const { planned, answer } = await many.read(requests)
    const indices = [...requests.keys()]
    const { tokens, work } = planned!(indices)
    const before = many.report().tokens!
    const seen: Work[] = []
    const done: number[] = []
    await answer(indices, { onWork: (work) => seen.push(work), onProgress: (count) => done.push(count) })
    const after = many.report().tokens!
    const newTokens = after.requested - before.requested
    expect(after.computed - before.computed - newTokens).toBe(tokens)
    expect(seen[0]!.total).toBeCloseTo(work, 6)
    expect(seen.at(-1)!.total).toBe(seen.at(-1)!.done)
    expect(done).toEqual(indices.map((index) => index + 1))
    // the preamble once, and each question that is asked again
    const asked = requests.reduce((sum, { context }) => sum + many.tokenizer.encode(context).length, 0)
    expect(tokens).toBeLessThan(asked / 2)
  })

  it('are broken off at once, and the model goes on', async () => {
    const requests = requestsOfAllKinds()
    const broken = new AbortController()
    let written = 0
    const run = generateUntil(three, requests, {
      signal: broken.signal,
      onTokens: () => {
        if (++written === 25) broken.abort(new Error('enough'))
      },
    })
    await expect(run).rejects.toThrow('enough')
    expect(written).toBeLessThan(25 + 3)
    const [last] = await generateUntil(three, [requests[3]!])
    expect(last).toBe((await alone([requests[3]!]))[0])
  })
})
