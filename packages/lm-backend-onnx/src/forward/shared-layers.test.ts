import { generateUntil, loglikelihood, loglikelihoodRolling } from '@saeval/language-model'
import type { OnnxModel } from '@saeval/lm-backend-onnx'
import { loadModel } from '@saeval/lm-backend-onnx'
import { addStage, type Intervention } from '@saeval/sae-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fixturePath, modelsHere } from '../../../../tests/fixtures.js'

const models = ['openai-community/gpt2', 'google/gemma-2-2b', 'EleutherAI/pythia-70m-deduped', 'Qwen/Qwen3.5-2B-Base']
const env = { HF_HOME: fixturePath('hf-home'), HF_HUB_OFFLINE: '1' }

// passes of a few tokens each, so that contexts are kept and gone on from
const requests = ['The dog', 'The dog sat down by the', 'A cat, a mouse and the'].flatMap((context) =>
  [' river', ' old house on the hill', ' end'].map((continuation) => ({ context, continuation })),
)

describe.each(modelsHere(models))('settings of %s that share the layers below', (name) => {
  let model: OnnxModel
  let settings: readonly (readonly Intervention[])[]
  beforeAll(async () => {
    model = await loadModel({ model: name, device: 'cpu', batchSize: 1, hub: { env } })
    const layer = model.hookPoints.filter((hookPoint) => hookPoint.endsWith('hook_resid_post')).length - 2
    const hookPoint = `blocks.${layer}.hook_resid_post`
    const { dims } = (await model.captureActivations('dog', [hookPoint])).get(hookPoint)!
    const vector = (scale: number) => Float32Array.from({ length: dims[1] }, (_, i) => scale * Math.sin(i + 1))
    settings = [1, -2].map((scale) => [{ hookPoint, stages: [addStage(vector(scale))] }])
  })
  afterAll(() => model?.close())

  // 40 kB have room for some of the requests only; they go in any order, twice
  it.each([undefined, 40_000, 1])('score as they do alone (%s bytes kept)', async (keepBytes) => {
    const shared = model.shareBelow(settings, keepBytes)
    for (const setting of [[], ...settings, []]) {
      const alone = await loglikelihood(model.steer(setting), requests)
      const together = await loglikelihood(shared.steer(setting), requests)
      together.forEach((result, index) => {
        expect(Math.abs(result.logprob - alone[index]!.logprob)).toBeLessThanOrEqual(1e-4)
        expect(result.isGreedy).toBe(alone[index]!.isGreedy)
      })
    }
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
