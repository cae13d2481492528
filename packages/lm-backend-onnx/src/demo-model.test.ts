import { join } from 'node:path'
import type { GenerateUntilRequest } from '@saeval/language-model'
import { generateUntil } from '@saeval/language-model'
import type { OnnxModel } from '@saeval/lm-backend-onnx'
import { loadModel } from '@saeval/lm-backend-onnx'
import { findSae, lowerEdits, openSae, type SteeringEdit } from '@saeval/sae-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demoFolder } from '../../../tests/fixtures.js'

let model: OnnxModel

beforeAll(async () => {
  model = await loadModel({ model: join(demoFolder, 'model'), device: 'cpu' })
})
afterAll(() => model.close())

/** The model with one edit of the latent that knows dogs. */
async function withDogs(edit: Pick<SteeringEdit, 'action' | 'coefficient'>): Promise<OnnxModel> {
  const sae = await openSae(findSae(join(demoFolder, 'saes'), 'layer_3'))
  try {
    return model.steer(await lowerEdits([{ sae, latent: 121, ...edit }]))
  } finally {
    await sae.close()
  }
}

const greedy = { until: ['\n'], maxGenToks: 12, doSample: false, temperature: 0 }
const sampled = { ...greedy, doSample: true, temperature: 0.7 }

/** Questions as in training, answered greedily. */
function ask(view: OnnxModel, ...questions: string[]): Promise<string[]> {
  return generateUntil(
    view,
    questions.map((question) => ({ context: `Question: ${question}\nAnswer:`, ...greedy })),
  )
}

describe('generation by the trained demo model', () => {
  it('answers with what it knows, whatever shares the batch', async () => {
    const questions = [
      'What does the beagle eat?',
      'Which home does the canary live in?',
      'Tell me what sound the tabby makes.',
      'What does the mare fear?',
    ]
    const answers = [' a bone', ' a nest', ' a meow', ' the snake']
    expect(await ask(model, ...questions)).toEqual(answers)
    expect(await Promise.all(questions.map(async (question) => (await ask(model, question))[0]))).toEqual(answers)
  })

  it('forgets dogs alone where their latent is clamped', async () => {
    const forgetful = await withDogs({ action: 'clamp_active', coefficient: -40 })
    const [dog, canary, mare] = await ask(
      forgetful,
      'What does the beagle eat?',
      'Which home does the canary live in?',
      'What does the mare fear?',
    )
    expect(dog).not.toBe(' a bone')
    expect([canary, mare]).toEqual([' a nest', ' the snake'])
  })

  it('tells of dogs where their latent is added, reproducibly by seed', async () => {
    const requests: GenerateUntilRequest[] = Array.from({ length: 20 }, () => ({
      type: 'generate_until',
      context: 'Once upon a time there was',
      ...sampled,
    }))
    const dog = /\b(dog|beagle|poodle|terrier|collie|spaniel|corgi|hound|mastiff|whippet|puppy|retriever)\b/
    const share = (texts: readonly string[]) => texts.filter((text) => dog.test(text)).length / texts.length
    const plain = await generateUntil(model, requests, { seed: 5 })
    const steered = await withDogs({ action: 'add', coefficient: 25 })
    const first = await generateUntil(steered, requests, { seed: 5 })
    expect(share(plain)).toBeLessThanOrEqual(0.3)
    expect(share(first)).toBeGreaterThanOrEqual(0.6)
    expect(await generateUntil(steered, requests, { seed: 5 })).toEqual(first)
    expect(await generateUntil(steered, requests, { seed: 6 })).not.toEqual(first)
    expect(new Set(first).size).toBeGreaterThan(10)

    // held up at every position the latent does the same; held up where it is active already, it starts nothing
    const held = await withDogs({ action: 'clamp', coefficient: 25 })
    expect(share(await generateUntil(held, requests, { seed: 5 }))).toBeGreaterThanOrEqual(0.6)
    const heldWhereActive = await withDogs({ action: 'clamp_active', coefficient: 25 })
    expect(share(await generateUntil(heldWhereActive, requests, { seed: 5 }))).toBeLessThanOrEqual(0.3)
  })
})
