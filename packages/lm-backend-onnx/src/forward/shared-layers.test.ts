import { generateUntil, loglikelihood, loglikelihoodRolling } from '@saeval/language-model'
import type { OnnxModel } from '@saeval/lm-backend-onnx'
import { loadModel } from '@saeval/lm-backend-onnx'
import { addStage, type Intervention } from '@saeval/sae-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { hfHomeOf, modelsHere } from '../../../../tests/fixtures.js'
import type { LayerStack } from './layer-range.js'
import { createSharedLayers } from './shared-layers.js'

const models = [
  'openai-community/gpt2',
  'google/gemma-2-2b',
  'EleutherAI/pythia-70m-deduped',
  'Qwen/Qwen3.5-2B-Base',
  // layers above attend to keys and values of layers below
  'google/gemma-4-E2B',
  // passes that are only kept have no tokens for the last experts
  'google/gemma-4-26B-A4B',
]

// passes of a few tokens each, so that contexts are kept and gone on from
const requests = ['The dog', 'The dog sat down by the', 'A cat, a mouse and the'].flatMap((context) =>
  [' river', ' old house on the hill', ' end'].map((continuation) => ({ context, continuation })),
)

describe.each(modelsHere(models))('settings of %s that share the layers below', (name) => {
  let model: OnnxModel
  let settings: readonly (readonly Intervention[])[]
  /** Room for some of the requests only. */
  let some: number
  beforeAll(async () => {
    const env = { HF_HOME: hfHomeOf(name), HF_HUB_OFFLINE: '1' }
    model = await loadModel({ model: name, device: 'cpu', batchSize: 1, hub: { env } })
    const layer = model.hookPoints.filter((hookPoint) => hookPoint.endsWith('hook_resid_post')).length - 2
    const hookPoint = `blocks.${layer}.hook_resid_post`
    const { dims } = (await model.captureActivations('dog', [hookPoint])).get(hookPoint)!
    some = 10 * 4 * dims[1]!
    const vector = (scale: number) => Float32Array.from({ length: dims[1] }, (_, i) => scale * Math.sin(i + 1))
    settings = [1, -2].map((scale) => [{ hookPoint, stages: [addStage(vector(scale))] }])
  })
  afterAll(() => model?.close())

  // in any order, twice
  it.each(['all', 'some', 'none'])('score as they do alone (room for %s)', async (room) => {
    const shared = model.shareBelow(settings, room === 'all' ? undefined : room === 'some' ? some : 1)
    for (const setting of [[], ...settings, []]) {
      const alone = await loglikelihood(model.steer(setting), requests)
      const together = await loglikelihood(shared.steer(setting), requests)
      together.forEach((result, index) => {
        expect(result).toEqual(alone[index])
      })
    }
  })

  it('read the texts once, also where they share anew', async () => {
    const own = requests.map((request) => ({ type: 'loglikelihood' as const, ...request }))
    const encode = vi.spyOn(model.tokenizer, 'encode')
    const calls: number[] = []
    for (const setting of [...settings, ...settings]) {
      await model.shareBelow(settings).steer(setting).read(own)
      calls.push(encode.mock.calls.length)
    }
    encode.mockRestore()
    expect(calls[0]).toBeGreaterThan(0)
    expect(calls).toEqual(Array(4).fill(calls[0]))
  })

  it('share several lists of requests side by side', async () => {
    const shared = model.shareBelow(settings).steer(settings[0]!)
    const alone = model.steer(settings[0]!)
    for (const part of [requests.slice(0, 4), requests.slice(2), requests.slice(0, 4)]) {
      const expected = await loglikelihood(alone, part)
      const found = await loglikelihood(shared, part)
      found.forEach(({ logprob }, index) => {
        expect(Math.abs(logprob - expected[index]!.logprob)).toBeLessThanOrEqual(1e-4)
      })
    }
  })

  it('generate and roll as they do alone', async () => {
    const generation = {
      context: 'The dog sat',
      until: [],
      maxGenToks: 6,
      doSample: false,
      temperature: 0,
    }
    const [shared, alone] = [model.shareBelow(settings).steer(settings[1]!), model.steer(settings[1]!)]
    expect(await generateUntil(shared, [generation])).toEqual(await generateUntil(alone, [generation]))
    const text = { text: 'The old dog sat down by the river and looked at the moon.' }
    const [[together], [single]] = [
      await loglikelihoodRolling(shared, [text]),
      await loglikelihoodRolling(alone, [text]),
    ]
    expect(Math.abs(together! - single!)).toBeLessThanOrEqual(1e-3)
  })

  it('refuse edits below', async () => {
    const below = { ...settings[0]![0]!, hookPoint: 'blocks.0.hook_resid_post' }
    await expect(loglikelihood(model.shareBelow(settings).steer([below]), requests)).rejects.toThrow(
      'blocks.0.hook_resid_post lies outside',
    )
  })
})

// a part of a list would be computed in other passes, whose sums have other last digits
it('a list shares as a whole or not at all, and always the same', () => {
  const stack = { spec: {}, steps: [{ lanes: new Map([['stream', 1]]) }, {}], layers: () => ({}) }
  const layers = createSharedLayers(stack as unknown as LayerStack, 1, 4 * 25)
  const listOf = (length: number) => [{ ids: Array.from({ length }, (_, id) => id), reads: [length - 1] }]
  const lists = [20, 10, 5, 1].map((length) => [listOf(length), length] as const)
  for (let round = 0; round < 2; round++)
    expect(lists.map(([list, tokens]) => layers.admit(list, tokens))).toEqual([true, false, true, false])
  expect(layers.admit(listOf(26), 26)).toBe(false)
})
