import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadModel } from '@saeval/lm-backend-onnx'
import { findSae, openSae } from '@saeval/sae-core'
import { expect, it } from 'vitest'
import { expectClose } from '../../../../tests/expect-close.js'
import { fixtureJson, hfHomeOf, temporaryFolder } from '../../../../tests/fixtures.js'
import { tolerance } from '../../../../tests/tolerances.js'
import { madeSafetensors } from '../../../sae-core/src/loaders/weights.testing.js'
import { openCsvSteering } from '../models/csv-steering.js'
import { amplifyLatents } from '../ranking/amplify-latents.js'
import { topTokens } from '../ranking/output-score.js'
import { readSteeringFile } from './read-steering-file.js'
import { summedRow, wholeLengths, wholeRowLength } from './whole-row.js'

const hub = { env: { HF_HOME: hfHomeOf('fixture/gpt2'), HF_HUB_OFFLINE: '1' } }
const { ids, whole } = fixtureJson('golden/crosscoder.json') as {
  ids: number[]
  whole: { id: string; latent: number; row: number; lengths: number[]; lens: number[] }
}

it('a latent acts everywhere where any of its rows adds something, the first one or not', async () => {
  const folder = temporaryFolder()
  const d = 48
  const m = (...shape: number[]) => ({ dtype: 'F32' as const, shape })
  // the row for the second layer
  const data = { at: d * 4, bytes: Buffer.from(new Float32Array(d).fill(1).buffer) }
  const made = madeSafetensors({
    w_enc: m(d, 2),
    w_dec: { ...m(2, 2, d), data },
    b_enc: m(2),
    b_dec: m(d),
    threshold: m(2),
  })
  const places = { hf_hook_point_in: 'model.layers.{1,2}.output', hf_hook_point_out: 'model.layers.{1,2}.output' }
  const config = { architecture: 'jump_relu', type: 'crosscoder', model_name: 'fixture/gpt2', ...places }
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
  writeFileSync(join(folder, 'params_layer_0.safetensors'), made.subarray(0, made.length))
  const path = join(folder, 'one.csv')
  writeFileSync(
    path,
    `latent_idx,steering_coefficient,sae_release,sae_id,hook_action\n0,5,${folder},params_layer_0,add\n1,5,${folder},params_layer_0,add\n`,
  )
  const steering = await openCsvSteering('fixture/gpt2', await readSteeringFile(path), {}, { hub, notice: () => {} })
  const model = await loadModel({ model: 'fixture/gpt2', device: 'cpu', hub })
  const { trial } = await steering.lower(model)
  expect(trial.rows.map(({ isEverywhere }) => isEverywhere)).toEqual([true, false])
  await model.close()
  await steering.close()
})

it('rows in several layers are as long as all of them, beside the activations of these; their sum has the logit lens', async () => {
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
