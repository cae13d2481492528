import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { fixturePath, temporaryFolder } from '../../../../tests/fixtures.js'
import { type FakeHub, startFakeHub } from '../../../hub/src/fake-hub.testing.js'
import { findSae, lowerEdits, openSae } from '../index.js'

let hub: FakeHub | null = null
afterEach(() => hub?.close())

/** A safetensors file: 8 bytes of length, the header, the tensors. */
function safetensors(tensors: Readonly<Record<string, { shape: number[]; data: Float32Array }>>): Buffer {
  let end = 0
  const entries = Object.entries(tensors).map(([name, { shape, data }]) => {
    const start = end
    end += data.byteLength
    return [name, { dtype: 'F32', shape, data_offsets: [start, end] }] as const
  })
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  return Buffer.concat([length, header, ...Object.values(tensors).map(({ data }) => Buffer.from(data.buffer))])
}

/** Every file of a fixture repository. */
function repositoryFiles(repository: string): Record<string, Buffer> {
  const snapshots = fixturePath(`hf-home/hub/${repository}/snapshots`)
  const root = join(snapshots, readdirSync(snapshots)[0]!)
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(root, name)).isFile(),
  )
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(root, name))]))
}

describe('add reads one decoder row over HTTP', () => {
  it('of a file in the native format', async () => {
    const [dIn, dSae] = [64, 4096]
    const filled = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i))
    const wDec = filled(dIn * dSae)
    const weights = safetensors({
      W_enc: { shape: [dIn, dSae], data: filled(dIn * dSae) },
      W_dec: { shape: [dSae, dIn], data: wDec },
      b_enc: { shape: [dSae], data: filled(dSae) },
      b_dec: { shape: [dIn], data: filled(dIn) },
    })
    const config = {
      architecture: 'standard',
      d_in: dIn,
      d_sae: dSae,
      dtype: 'float32',
      model_name: 'gpt2',
      hook_name: 'blocks.3.hook_resid_pre',
      apply_b_dec_to_input: true,
      normalize_activations: 'none',
    }
    hub = await startFakeHub('someone/saes', {
      'one/cfg.json': Buffer.from(JSON.stringify(config)),
      'one/sae_weights.safetensors': weights,
    })
    const env = { HF_HOME: temporaryFolder(), HF_ENDPOINT: hub.endpoint }
    const sae = await openSae(findSae('someone/saes', 'one'), { env })
    const [edit] = await lowerEdits([{ sae, action: 'add', latent: 4000, coefficient: 2 }])
    expect(edit!.stages[0]!.addend).toEqual(wDec.slice(4000 * dIn, 4001 * dIn).map((value) => 2 * value))
    const sent = hub.sent()
    expect(sent).toBeLessThan(10_000)
    await lowerEdits([{ sae, action: 'add', latent: 4000, coefficient: 3 }])
    expect(hub.sent()).toBe(sent)
    expect(weights.length).toBeGreaterThan(2_000_000)
    await sae.close()
  })

  it('of a gemma-scope npz', async () => {
    const files = repositoryFiles('models--google--gemma-scope-2b-pt-res')
    hub = await startFakeHub('google/gemma-scope-2b-pt-res', files)
    const env = { HF_HOME: temporaryFolder(), HF_ENDPOINT: hub.endpoint }
    const sae = await openSae(findSae('gemma-scope-2b-pt-res-canonical', 'layer_20/width_16k/canonical'), { env })
    await lowerEdits([{ sae, action: 'add', latent: 12082, coefficient: 1 }])
    const [file] = await sae.files()
    expect(file!.byteLength).toBeGreaterThan(1_000_000)
    expect(hub.sent()).toBeLessThan(100_000)
    await sae.close()
  })
})
