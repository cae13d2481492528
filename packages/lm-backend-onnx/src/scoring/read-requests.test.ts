import { copyFileSync, cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generateUntil, loglikelihood, loglikelihoodRolling, SelectionError } from '@saeval/language-model'
import type { OnnxModel } from '@saeval/lm-backend-onnx'
import { loadModel } from '@saeval/lm-backend-onnx'
import { type Intervention, parsePositions } from '@saeval/sae-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'

const folder = fileURLToPath(new URL('../../../../examples/demo/model', import.meta.url))
let model: OnnxModel
beforeAll(async () => {
  model = await loadModel({ model: folder, device: 'cpu', maxLength: 24 })
})
afterAll(() => model.close())

const hookPoint = 'blocks.2.hook_resid_post'
const at = (positions: string): Intervention[] => {
  const vector = new Float32Array(model.widthOf(hookPoint)).fill(0.1)
  const adds = [{ vector, gates: [], positions: { include: parsePositions(positions), exclude: [] } }]
  return [
    { hookPoint, stages: [{ addend: null, adds, readers: [], phases: [], gatesRead: 'clean', saeReplacement: null }] },
  ]
}
const pairs = ['The dog', 'The dog ate a', 'The small dog ate a bone and then slept', 'A cat'].map((context) => ({
  type: 'loglikelihood' as const,
  context,
  continuation: ' bone. ',
}))
const texts = ['The dog ate a bone. '.repeat(9), 'A cat.'].map((text) => ({
  type: 'loglikelihood_rolling' as const,
  text,
}))
const prompts = ['The dog', 'The dog ate a bone. '.repeat(9)].map((context) => ({
  type: 'generate_until' as const,
  context,
  until: [],
  maxGenToks: 4,
  doSample: true,
  temperature: 1,
}))

describe('requests that are answered in parts', () => {
  it('are answered, counted and marked as the whole list', async () => {
    const whole = model.steer(at('5:'))
    const parts = model.steer(at('5:'))
    const answers = [
      ...(await loglikelihood(whole, pairs)).map(({ logprob }) => logprob),
      ...(await loglikelihoodRolling(whole, texts)),
    ]
    const written = await generateUntil(whole, prompts)

    const { answer: ask } = await parts.read(pairs)
    const { answer: askRolling } = await parts.read(texts)
    const { answer: askTexts } = await parts.read(prompts)
    const seen: number[] = []
    const onProgress = (done: number) => seen.push(done)
    const [last, first] = await ask([3, 0], { onProgress })
    const found = [
      first!.logprob,
      ...(await ask([1, 2])).map(({ logprob }) => logprob),
      last!.logprob,
      ...(await askRolling([0], { onProgress })),
      ...(await askRolling([1])),
    ]
    found.forEach((value, index) => {
      expect(Math.abs(value - answers[index]!)).toBeLessThan(1e-4)
    })
    expect(seen).toEqual([1, 2, 1])
    // a sampled text follows from its place in the list
    expect([...(await askTexts([1])), ...(await askTexts([0]))].reverse()).toEqual(written)
    expect(parts.report()).toMatchObject({
      truncatedRequests: 1,
      tokens: { requested: whole.report().tokens!.requested },
      // three of the pairs and prompts are short, and the prompt of a window is one token long
      provenance: { selected_positions: [{ requests: 8, requests_without_a_token: 5 }] },
    })
    expect(parts.report().provenance).toEqual(whole.report().provenance)
  })

  it('count although nobody asks, and compute nothing', async () => {
    const view = model.steer(at('5:'))
    const { answer: ask } = await view.read(pairs)
    expect(await ask([])).toEqual([])
    const { tokens } = view.report()
    expect(tokens!.requested).toBeGreaterThan(20)
    expect(tokens!.computed).toBe(0)
  })

  it('are judged with all that was read before the first answer', async () => {
    const view = model.steer(at('5:'))
    const { answer: ask } = await view.read(pairs.slice(0, 1))
    await view.read(texts)
    // of this list alone no token is selected
    expect(await ask([0])).toHaveLength(1)
    const { answer: alone } = await view.read(pairs.slice(0, 1))
    await expect(alone([])).rejects.toThrow(SelectionError)
    await expect(loglikelihood(view, pairs.slice(0, 1))).rejects.toThrow('positions 5: hold no token of the request')
  })
})

it('reads the files of a fingerprint once', async () => {
  const copy = join(temporaryFolder(), 'model')
  mkdirSync(copy)
  cpSync(folder, copy, { recursive: true })
  const opened = await loadModel({ model: copy, device: 'cpu' })
  const [plain, steered] = [await opened.fingerprint(), await opened.steer(at('5:')).fingerprint()]
  expect(steered).not.toBe(plain)
  const weights = join(copy, 'model.safetensors')
  copyFileSync(weights, `${weights}.whole`)
  writeFileSync(weights, 'other')
  expect(await opened.steer([]).fingerprint()).toBe(plain)
  expect(
    await opened
      .shareBelow([at('5:')])
      .steer(at('5:'))
      .fingerprint(),
  ).toBe(steered)
  await opened.close()
  copyFileSync(`${weights}.whole`, weights)
  const tokenizer = await loadModel({ model: copy, device: 'cpu', addBosToken: false })
  expect(await tokenizer.fingerprint()).not.toBe(plain)
  await tokenizer.close()
})
