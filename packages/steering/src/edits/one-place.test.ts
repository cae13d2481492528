import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SteerableModel } from '@saeval/language-model'
import { findSae, openSae } from '@saeval/sae-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { hfHomeOf, temporaryFolder } from '../../../../tests/fixtures.js'
import { amplifyLatents } from '../ranking/amplify-latents.js'
import { readVectors } from '../vectors/vector-formats.js'

const hub = { env: { HF_HOME: hfHomeOf('fixture/gpt2'), HF_HUB_OFFLINE: '1' } }

let sae: Awaited<ReturnType<typeof openSae>>
beforeAll(async () => {
  sae = await openSae(findSae('fixture/clt-gpt2', '1'), hub)
})
afterAll(() => sae.close())

it('a latent that writes into several layers is not taken for its row in the first', async () => {
  const path = join(temporaryFolder(), 'crossed.csv')
  writeFileSync(
    path,
    'loader,sparse_model,sae_id,feature_index,steering_coefficient\nsae_lens,fixture/clt-gpt2,1,2,3\n',
  )
  await expect(readVectors(path, { baseName: null, allowOtherModel: true, layers: null, hub })).rejects.toThrow(
    'crossed.csv:2, column sparse_model: fixture/clt-gpt2 1 is a layer of a cross-layer transcoder: its latents write at blocks.1.hook_mlp_out and 2 later places',
  )
  const model = { unembed: async () => [] } as unknown as SteerableModel
  await expect(amplifyLatents(model, sae, await sae.load(), [2])).rejects.toThrow(
    'only the row of the first would be used',
  )
})
