import type { SteerableModel } from '@saeval/language-model'
import { encode } from '@saeval/sae-core'
import { expect, it } from 'vitest'
import { randomNumbers, randomSae } from '../../../../tests/random-sae.js'
import { readLatents } from './read-latents.js'

it('reads the last tokens of a text that is longer than the model takes, as scoring does', async () => {
  const file = randomSae(1, { architecture: 'standard' })
  const sae = { config: file.config, tensors: await file.load() }
  const { dIn, dSae, hookPoint } = sae.config
  const asked: (readonly number[])[] = []
  const data = randomNumbers(3)(4 * dIn)
  const model = {
    info: { maxLength: 4 },
    tokenizer: { specialIds: new Set([9]) },
    captureActivations: async (ids: readonly number[]) => {
      asked.push(ids)
      return new Map([[hookPoint, { data: data.subarray(0, ids.length * dIn), dims: [ids.length, dIn] }]])
    },
  } as unknown as SteerableModel
  const all = encode(sae, data)
  // of seven tokens the last four are read, one of them is special
  expect(await readLatents(model, sae, [1, 2, 3, 4, 9, 5, 6])).toEqual(
    Float32Array.from([...all.subarray(0, dSae), ...all.subarray(2 * dSae)]),
  )
  expect(asked).toEqual([[4, 9, 5, 6]])
  // places count in the whole text
  expect(await readLatents(model, sae, [1, 2, 3, 4, 9, 5, 6], 5)).toEqual(all.subarray(2 * dSae))
  expect(await readLatents(model, sae, [1, 2], 1)).toEqual(all.subarray(dSae, 2 * dSae))
})
