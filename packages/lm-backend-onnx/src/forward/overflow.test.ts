import { fileURLToPath } from 'node:url'
import { generateUntil, loglikelihood, loglikelihoodRolling } from '@saeval/language-model'
import type { OnnxModel } from '@saeval/lm-backend-onnx'
import { loadModel } from '@saeval/lm-backend-onnx'
import type { Intervention } from '@saeval/sae-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { measureEffects } from '../../../steering/src/effects/edit-effects.js'

let model: OnnxModel
beforeAll(async () => {
  const folder = fileURLToPath(new URL('../../../../examples/demo/model', import.meta.url))
  model = await loadModel({ model: folder, device: 'cpu', maxLength: 24 })
})
afterAll(() => model.close())

const hookPoint = 'blocks.2.hook_resid_post'
const add = (value: number): Intervention[] => {
  const addend = new Float32Array(model.widthOf(hookPoint)).fill(value)
  return [
    { hookPoint, stages: [{ addend, adds: [], readers: [], phases: [], gatesRead: 'clean', saeReplacement: null }] },
  ]
}
const pair = { context: 'The dog ate a', continuation: ' bone' }
const generation = (context: string) => ({
  context,
  until: [],
  maxGenToks: 4,
  doSample: false,
  temperature: 0,
})

describe('activations beyond float32', () => {
  // at 1e30 the final norm makes zeros of them, at 3e38 NaN
  it.each([1e30, 3e38])('%d added everywhere is an error, whatever is asked', async (value) => {
    const steered = model.steer(add(value))
    await expect(loglikelihood(steered, [pair])).rejects.toThrow('overflow float32')
    await expect(loglikelihoodRolling(steered, [{ text: 'The dog ate a bone.' }])).rejects.toThrow('overflow float32')
    await expect(generateUntil(steered, [generation('The dog')])).rejects.toThrow('overflow float32')
  })

  it('is NaN for the check of rows, and leaves rows beside it alone', async () => {
    const ids = model.tokenizer.encode('The dog ate a bone')
    const effects = await measureEffects(model, ids, [add(3e38), add(1)])
    expect(effects[0]!.change).toBeNaN()
    expect(effects[1]).toMatchObject({ acts: true })
    expect(effects[1]!.change).toBeGreaterThan(0)
  })

  it('is no error at a length that float32 can square', async () => {
    const [answer] = await loglikelihood(model.steer(add(1e15)), [pair])
    expect(answer!.logprob).toBeLessThan(0)
  })
})

it('counts prompts of generation that were cut', async () => {
  const view = model.steer([])
  await generateUntil(view, [generation('The dog'), generation('The dog ate a bone. '.repeat(9))])
  expect(view.report().truncatedRequests).toBe(1)
})
