import { loadModel } from '@saeval/lm-backend-onnx'
import { findSae, openSae } from '@saeval/sae-core'
import { expect, it } from 'vitest'
import { expectClose } from '../../../../tests/expect-close.js'
import { fixtureJson, hfHomeOf } from '../../../../tests/fixtures.js'
import { tolerance } from '../../../../tests/tolerances.js'
import { amplifyLatents } from '../ranking/amplify-latents.js'
import { topTokens } from '../ranking/output-score.js'
import { summedRow, wholeLengths, wholeRowLength } from './whole-row.js'

const { ids, whole } = fixtureJson('golden/crosscoder.json') as {
  ids: number[]
  whole: { id: string; latent: number; row: number; lengths: number[]; lens: number[] }
}

it('rows in several layers are as long as all of them, beside the activations of these; their sum has the logit lens', async () => {
  const hub = { env: { HF_HOME: hfHomeOf('fixture/gpt2'), HF_HUB_OFFLINE: '1' } }
  const sae = await openSae(findSae('fixture/scope-gpt2', whole.id), hub)
  const model = await loadModel({ model: 'fixture/gpt2', device: 'cpu', hub })
  expect(await wholeRowLength(sae, whole.latent)).toBeCloseTo(whole.row, 5)
  const lengths = Float32Array.from(await wholeLengths(model, ids, sae))
  expectClose(lengths, Float32Array.from(whole.lengths), tolerance.sae, 'lengths')
  const [logits] = await model.unembed(await summedRow(sae, whole.latent))
  expect(topTokens(logits!, whole.lens.length)).toEqual(whole.lens)
  const [amplified] = await amplifyLatents(model, sae, await sae.load(), [whole.latent])
  expect(amplified!.raises.slice(0, whole.lens.length)).toEqual(whole.lens)
  await model.close()
  await sae.close()
})
