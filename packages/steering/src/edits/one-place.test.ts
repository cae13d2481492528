import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { hfHomeOf, temporaryFolder } from '../../../../tests/fixtures.js'
import { readVectors } from '../vectors/vector-formats.js'

const hub = { env: { HF_HOME: hfHomeOf('fixture/gpt2'), HF_HUB_OFFLINE: '1' } }

it('a latent that writes into several layers is not taken for its row in the first', async () => {
  const path = join(temporaryFolder(), 'crossed.csv')
  writeFileSync(
    path,
    'loader,sparse_model,sae_id,feature_index,steering_coefficient\nsae_lens,fixture/clt-gpt2,1,2,3\n',
  )
  await expect(readVectors(path, { baseName: null, allowOtherModel: true, layers: null, hub })).rejects.toThrow(
    'crossed.csv:2, column sparse_model: the latents of fixture/clt-gpt2 1 write at blocks.1.hook_mlp_out and 2 later places',
  )
})
