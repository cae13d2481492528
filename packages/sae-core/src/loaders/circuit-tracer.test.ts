import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from '@saeval/hub'
import { afterEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { findSae, openSae, type SaeFile } from '../index.js'
import { type MadeArrays, madeSafetensors } from './weights.testing.js'

const m = (...shape: number[]) => ({ dtype: 'F32' as const, shape })

let opened: SaeFile | null = null
afterEach(async () => {
  await opened?.close()
  opened = null
})

describe('a set of circuit-tracer', () => {
  const yaml = (fields: object) =>
    JSON.stringify({
      model_kind: 'transcoder_set',
      feature_input_hook: 'mlp.hook_in',
      feature_output_hook: 'hook_mlp_out',
      ...fields,
    })
  const openSet = async (fields: object, files: Readonly<Record<string, MadeArrays>>, id = 'layer_1') => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'set'))
    writeFileSync(join(folder, 'set', 'config.yaml'), yaml(fields))
    for (const [name, arrays] of Object.entries(files)) {
      const file = madeSafetensors(arrays)
      writeFileSync(join(folder, 'set', `${name}.safetensors`), file.subarray(0, file.length))
    }
    opened = await openSae(findSae(folder, `set/${id}`))
    return opened
  }
  // W_enc is stored [d_sae, d_in]
  const set = { W_enc: m(6, 4), W_dec: m(6, 4), b_enc: m(6), b_dec: m(4) }
  const jumps = 'activation_function.threshold'
  const encoder = { W_enc_1: m(6, 4), b_enc_1: m(6), b_dec_1: m(4) }
  const crossed = { model_kind: 'cross_layer_transcoder', feature_input_hook: 'hook_resid_mid' }

  it('is a transcoder by what its files hold', async () => {
    const { config } = await openSet({}, { layer_1: set })
    const places = { hookPoint: 'blocks.1.mlp.hook_in', hookPointOut: 'blocks.1.hook_mlp_out' }
    expect(config).toMatchObject({ architecture: 'transcoder', dIn: 4, dSae: 6, k: null, ...places })
    const jump = { ...set, 'activation_function.threshold': m(6), W_skip: m(4, 4) }
    expect((await openSet({ activation: 'jump_relu' }, { layer_1: jump }, '1')).config).toMatchObject({
      architecture: 'jumprelu_skip_transcoder',
      skipConnection: true,
    })
    const topk = await openSet({ activation: 'topk', k: 3 }, { layer_1: set }, 'layer_1.safetensors')
    expect(topk.config).toMatchObject({ architecture: 'topk', k: 3 })
    const clt = await openSet(crossed, { W_enc_1: encoder, W_dec_1: { W_dec_1: m(6, 3, 4) } })
    expect(clt.laterLayers.map((layer) => layer.config.hookPointOut)).toEqual([
      'blocks.2.hook_mlp_out',
      'blocks.3.hook_mlp_out',
    ])
    const skipping = { ...encoder, threshold_1: m(6), W_skip_1: m(4, 4) }
    const files = { W_enc_1: skipping, W_dec_1: { W_dec_1: m(6, 3, 4) } }
    expect((await openSet(crossed, files)).config).toMatchObject({
      architecture: 'jumprelu_skip_transcoder',
      skipConnection: true,
    })
  })

  it.each([
    [{ model_kind: 'sae' }, { layer_1: set }, /config\.yaml: model_kind is "sae", expected "transcoder_set" or/],
    [{ feature_input_hook: 'hook_z' }, { layer_1: set }, /blocks\.1\.hook_z/],
    [{ activation: 'topk' }, { layer_1: set }, /k is missing, which topk needs/],
    [{ activation: 'gelu' }, { layer_1: set }, /activation is "gelu", expected relu, jump_relu or topk/],
    [{ transcoders: ['hf://a/b/c'] }, { layer_1: set }, /lists transcoders of other repositories; name those/],
    [{ transcoders: ['', 'hf://a/b/c/d.npz?revision=x'] }, { layer_1: set }, /; layer 1 is c\/d\.npz of a\/b$/],
    [
      {
        transcoders: [
          '',
          'hf://google/gemma-scope-2b-pt-transcoders/layer_1/width_16k/average_l0_65/params.npz?revision=main',
        ],
      },
      { layer_1: set },
      /; layer 1 is gemma-scope-2b-pt-transcoders layer_1\/width_16k\/average_l0_65$/,
    ],
    [{ activation: 'relu' }, { layer_1: { ...set, [jumps]: m(6) } }, /activation is relu, but layer 1 has thresholds/],
    [{ activation: 'jump_relu' }, { layer_1: set }, /activation is jump_relu, but layer 1 has no thresholds/],
    [
      { activation: 'topk', k: 3 },
      { layer_1: { ...set, [jumps]: m(6) } },
      /activation is topk, but layer 1 has thresh/,
    ],
    [{}, { layer_1: { ...set, W_gate: m(6) } }, /has the tensor W_gate, which a transcoder has no place for/],
    [{}, { layer_1: { ...set, b_enc: m(5) } }, /b_enc of .* has shape \[5\], expected \[6\]/],
    [{}, { layer_2: set }, /layer_1\.safetensors/],
    [crossed, { W_enc_1: encoder, W_dec_1: { W_dec_1: m(6, 0, 4) } }, /writes to no layer/],
    [crossed, { W_enc_1: encoder, W_dec_1: { W_dec_1: m(5, 2, 4) } }, /W_dec of .* expected \[6,4\]/],
    [crossed, { W_enc_1: encoder, W_dec_1: { W_dec_0: m(6, 2, 4) } }, /has no tensor W_dec_1/],
  ])('that is damaged gives one sentence: %j', async (fields, files, message) => {
    const failed = await openSet(fields, files as Record<string, MadeArrays>).catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(InputError)
    expect((failed as Error).message).toMatch(message)
  })
})
