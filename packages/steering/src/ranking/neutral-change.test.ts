import type { SteerableModel } from '@saeval/language-model'
import type { SteeringEdit } from '@saeval/sae-core'
import { expect, it } from 'vitest'
import { randomSae } from '../../../../tests/random-sae.js'
import { amplifyLatents } from './amplify-latents.js'
import { neutralChanges } from './neutral-change.js'

const sae = randomSae(1, { architecture: 'standard' })
const { dIn, dSae, hookPoint } = sae.config

/** Settings have logits 0 0 1, but for the second, whose activations overflow. */
const model = (activation: number) => {
  const plain = {
    captureActivations: async () =>
      new Map([[hookPoint, { data: new Float32Array(dIn).fill(activation), dims: [1, dIn] }]]),
    lastLogits: async (_: unknown, settings: readonly unknown[]) =>
      settings.map((__, index) => Float32Array.of(index === 1 ? Number.NaN : 0, 0, 1)),
  }
  const tokenizer = { encode: () => [1] }
  const unembed = async (vectors: Float32Array) =>
    Array.from({ length: vectors.length / dIn }, () => Float32Array.of(1, 0, 0))
  return { ...plain, tokenizer, unembed, steer: () => plain, dHead: 4 } as unknown as SteerableModel
}
const edits = [1, 2, 3].map((latent): SteeringEdit => ({ sae, latent, action: 'add', coefficient: 1 }))

it('goes on after an edit that makes activations overflow', async () => {
  expect(await neutralChanges(model(1), edits)).toEqual([expect.closeTo(0, 12), null, expect.closeTo(0, 12)])
  const amplified = await amplifyLatents(model(1), sae, await sae.load(), [1, 2, 3])
  expect(
    amplified.map(({ outputScore, confidenceChange }) => [outputScore === null, confidenceChange === null]),
  ).toEqual([
    [false, false],
    [true, true],
    [false, false],
  ])
})

it('amplifies nothing where no latent is active', async () => {
  const tensors = await sae.load()
  const dead = { ...tensors, bEnc: new Float32Array(dSae).fill(-1e6) }
  const [found] = await amplifyLatents(model(1), sae, dead, [1])
  expect(found).toMatchObject({ outputScore: null, confidenceChange: null })
})
