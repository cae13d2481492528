import { join } from 'node:path'
import { loadModel } from '@saeval/lm-backend-onnx'
import { encode, findSae, openSae, type SaeFile } from '@saeval/sae-core'
import { expect, it } from 'vitest'
import { demoFolder } from '../../../../../tests/fixtures.js'
import { lookAtTokens } from './active-latents.js'

it('finds what is active on one token, and reads an SAE and a text once', async () => {
  const model = await loadModel({ model: join(demoFolder, 'model'), device: 'cpu' })
  const read: string[] = []
  const captured: string[] = []
  const open = (id: string) => openSae(findSae(join(demoFolder, 'saes'), id), {})
  const saes = await Promise.all(['layer_3', 'layer_2'].map(open))
  const counted = saes.map(
    (sae): SaeFile => ({
      ...sae,
      load: () => {
        read.push(sae.reference.id)
        return sae.load()
      },
    }),
  )
  const counting = {
    ...model,
    captureActivations: (ids: readonly number[], hookPoints: readonly string[]) => {
      captured.push(...hookPoints)
      return model.captureActivations(ids, hookPoints)
    },
  }
  const ids = model.tokenizer.encode('Long ago there was a little beagle named Max.')
  const hookPoints = saes.map(({ config }) => config.hookPoint)
  const all = await model.captureActivations(ids, hookPoints)
  const whole = await Promise.all(
    saes.map(async ({ config, load }) => encode({ config, tensors: await load() }, all.get(config.hookPoint)!.data)),
  )
  const look = lookAtTokens({ model: counting, saes: counted })
  const { signal } = new AbortController()
  for (const index of [3, ids.length - 1]) {
    const expected = saes.flatMap(({ config: { dSae } }, sae) =>
      [...whole[sae]!.subarray(index * dSae, (index + 1) * dSae)]
        .map((activation, latent) => ({ sae, latent, activation }))
        .filter(({ activation }) => activation > 0),
    )
    const { active } = await look({ ids, index }, signal)
    expect(active).toEqual(expected.sort((a, b) => b.activation - a.activation).slice(0, 12))
    expect(active.length).toBeGreaterThan(1)
  }
  expect(captured).toEqual(hookPoints)
  expect(read).toEqual(['layer_3', 'layer_2'])
  await expect(look({ ids, index: 1 }, AbortSignal.abort())).rejects.toThrow('abort')
  await Promise.all([model, ...saes].map((opened) => opened.close()))
})
