import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MetricQuestion } from '@saeval/eval-harness'
import { loglikelihood, wrapModel } from '@saeval/language-model'
import { loadModel, type OnnxModel } from '@saeval/lm-backend-onnx'
import { findSae, lowerEdits, openSae } from '@saeval/sae-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demoFolder, repository } from '../../../../tests/fixtures.js'
import { lensLatent, lensWords } from './lens-words.js'
import { unsteeredDivergences, unsteeredLogprobs } from './unsteered-scores.js'

/** By tools/goldens/text-scores.py. */
const golden = JSON.parse(readFileSync(join(repository, 'fixtures/golden/text-scores.json'), 'utf8')) as {
  latent: number
  coefficient: number
  questions: { prompt: string; text: string; logprob: number; kl_after_prompt: number; kl_of_text: number }[]
  lens: string[]
}
const sae = { sae_release: join(demoFolder, 'saes'), sae_id: 'layer_3' }

let base: OnnxModel
let steered: OnnxModel
beforeAll(async () => {
  base = await loadModel({ model: join(demoFolder, 'model'), device: 'cpu' })
  const file = await openSae(findSae(sae.sae_release, sae.sae_id))
  const { latent, coefficient } = golden
  steered = base.steer(await lowerEdits([{ sae: file, action: 'add', latent, coefficient }]))
  await file.close()
})
afterAll(() => base.close())

const written = (text?: string) =>
  golden.questions.map(
    (one): MetricQuestion => ({
      type: 'generate_until',
      doc: {},
      answer: 'dogs',
      target: '',
      prompt: one.prompt,
      text: text ?? one.text,
    }),
  )
const texts = golden.questions.map(
  ({ prompt, text }): MetricQuestion => ({ type: 'loglikelihood_rolling', doc: {}, text: prompt + text, logprob: 0 }),
)

function expectClose(found: readonly number[], wanted: readonly number[]): void {
  expect(found).toHaveLength(wanted.length)
  for (const [index, value] of found.entries()) expect(Math.abs(value - wanted[index]!)).toBeLessThan(1e-4)
}

describe('scores of texts against the unsteered model, as torch has them', () => {
  it('log-probability of a token, of a model behind others too', async () => {
    const wanted = golden.questions.map(({ logprob }) => logprob)
    expectClose(await unsteeredLogprobs(written(), { model: steered }), wanted)
    expectClose(await unsteeredLogprobs(written(), { model: wrapModel(wrapModel(steered, {}), {}) }), wanted)
  })

  it('an empty text is as likely as the end of text after its prompt', async () => {
    const [eos, id] = base.info.eosToken!
    expect(base.tokenizer.encode(eos).at(-1)).toBe(id)
    const pairs = golden.questions.map(({ prompt }) => ({ context: prompt, continuation: eos }))
    const wanted = (await loglikelihood(base, pairs)).map(({ logprob }) => logprob)
    expectClose(await unsteeredLogprobs(written(''), { model: steered }), wanted)
    expect(Math.max(...wanted)).toBeLessThan(-1)
  })

  it('divergence after a prompt, and over a text', async () => {
    const [prompts, whole] = [written(), texts]
    expectClose(
      await unsteeredDivergences(prompts, { model: steered }),
      golden.questions.map(({ kl_after_prompt: kl }) => kl),
    )
    expectClose(
      await unsteeredDivergences(whole, { model: steered }),
      golden.questions.map(({ kl_of_text: kl }) => kl),
    )
    expect(await unsteeredDivergences([...prompts, ...whole], { model: base })).toEqual([0, 0, 0, 0])
  })

  it('words of the logit lens', async () => {
    const words = golden.lens.map((text) => text.trim().toLowerCase()).filter((text) => /^\p{L}+$/u.test(text))
    expect(words.length).toBeGreaterThan(5)
    expect(await lensWords(base, lensLatent({ ...sae, latent_idx: golden.latent }))).toEqual(words)
    await expect(lensWords(base, lensLatent({ ...sae, latent_idx: 512 }))).rejects.toThrow('latents 0 to 511')
    expect(() => lensLatent({ ...sae })).toThrow('latent_idx')
    expect(() => lensLatent({ latent_idx: 3 })).toThrow('sae_release and sae_id')
    expect(() => lensLatent({ ...sae, latent_idx: 3, top: 0 })).toThrow('top')
  })

  it('refuses what has no text, and models whose edits cannot be taken away', async () => {
    const choice: MetricQuestion = { type: 'multiple_choice', doc: {}, choices: ['a'], target: 0, results: [] }
    await expect(unsteeredLogprobs([choice], { model: base })).rejects.toThrow('writes no text')
    await expect(unsteeredDivergences([choice], { model: base })).rejects.toThrow('no neutral text')
    const { info, chatTemplate, read, close } = base
    const model = { info, chatTemplate, read, close }
    await expect(unsteeredLogprobs(written(), { model })).rejects.toThrow('cannot be asked without its edits')
  })
})
