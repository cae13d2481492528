import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { InputError } from '@saeval/hub'
import { afterEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { findSae, forward, lowerEdits, openSae, type SaeFile } from '../index.js'
import { crosscoderAt } from './crosscoder.js'
import { openPlace } from './sae-place.js'
import { type MadeArrays, madeSafetensors, madeTorch } from './weights.testing.js'

const m = (...shape: number[]) => ({ dtype: 'F32' as const, shape })
const filled = (values: readonly number[], ...shape: number[]) => ({
  ...m(...shape),
  data: { at: 0, bytes: Buffer.from(Float32Array.from(values).buffer) },
})

const opened: SaeFile[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((sae) => sae.close()))
})

type Files = Readonly<Record<string, object | MadeArrays>>

/** A folder with JSON files and weights, each by its name's ending. */
function folderOf(files: Files): string {
  const folder = temporaryFolder()
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    const made = name.endsWith('.pt') ? madeTorch : madeSafetensors
    const weights = () => {
      const file = made(content as MadeArrays)
      return file.subarray(0, file.length)
    }
    writeFileSync(join(folder, name), name.endsWith('.json') ? JSON.stringify(content) : weights())
  }
  return folder
}

async function open(files: Files, id: string): Promise<SaeFile> {
  const sae = await openSae(findSae(folderOf(files), id))
  opened.push(sae)
  return sae
}

const stateDict = (n: number) => ({ W_enc: m(n, 4, 6), W_dec: m(6, n, 4), b_enc: m(6), b_dec: m(n, 4) })
const cfg = { dict_size: 6, enc_dtype: 'fp32', model_name: 'gpt2-small', site: 'resid_post' }
const place = 'blocks.1.hook_resid_pre'
const diff = { [`${place}/cfg.json`]: { ...cfg, hook_point: place }, [`${place}/cc_weights.pt`]: stateDict(2) }
const layers = { 'a_cfg.json': cfg, 'a.pt': stateDict(3) }
const beyond = {
  'c/params_layer_2.safetensors': { w_enc: m(4, 6), w_dec: m(6, 2, 4), b_enc: m(6), b_dec: m(4), threshold: m(6) },
}
const hub = (n: number, more: MadeArrays = {}) => ({
  'config.json': { activation_dim: 4, dict_size: 6, num_layers: n },
  'model.safetensors': {
    'encoder.weight': m(n, 4, 6),
    'encoder.bias': m(6),
    'decoder.weight': m(n, 6, 4),
    'decoder.bias': m(n, 4),
    ...more,
  },
})
const moments = { activation_mean: m(2, 4), activation_std: m(2, 4) }
const trained = (more: object = {}) => ({
  'config.json': { trainer: { dict_class: 'BatchTopKCrossCoder', layer: 2, lm_name: 'x', ...more } },
  'model_final.pt': hub(2)['model.safetensors'],
})
const scopeConfig = {
  architecture: 'jump_relu',
  type: 'crosscoder',
  model_name: 'google/gemma-3-270m-pt',
  hf_hook_point_in: 'model.layers.{5,9}.output',
  hf_hook_point_out: 'model.layers.{5,9}.output',
}
const scopeLayer = { w_enc: m(4, 6), w_dec: m(6, 2, 4), b_enc: m(6), b_dec: m(4), threshold: m(6) }
const scope = (config: object = {}, layer: object = {}) => ({
  'c/config.json': { ...scopeConfig, ...config },
  'c/params_layer_0.safetensors': { ...scopeLayer, ...layer },
  'c/params_layer_1.safetensors': scopeLayer,
})

const writes = (sae: SaeFile) => [sae, ...sae.laterLayers].map(({ config }) => config.hookPointOut)

describe('a crosscoder', () => {
  it('writes to the layers of a model, or to one model of two', async () => {
    const all = await open(layers, 'a')
    expect(writes(all)).toEqual([0, 1, 2].map((layer) => `blocks.${layer}.hook_resid_post`))
    expect(all.config).toMatchObject({ dIn: 4, dSae: 6, modelName: 'gpt2-small', severalFrom: writes(all)[0] })
    for (const [side, modelName] of [
      ['base', 'gpt2-small'],
      ['chat', null],
    ]) {
      const one = await open(diff, `${place}/${side}`)
      expect(writes(one)).toEqual([place])
      expect(one.config).toMatchObject({ modelName, severalFrom: null })
    }
    expect(writes(await open(hub(2), 'blocks.13.hook_resid_post/chat'))).toEqual(['blocks.13.hook_resid_post'])
    // a state dict of two is not taken for layers 0 and 1
    const two = { 'a_cfg.json': cfg, 'a.pt': stateDict(2) }
    expect(writes(await open(two, 'a/blocks.4.hook_resid_post/chat'))).toEqual(['blocks.4.hook_resid_post'])
    const three = await open(hub(3), 'blocks.0_1_5.hook_resid_mid')
    expect(writes(three)).toEqual([0, 1, 5].map((layer) => `blocks.${layer}.hook_resid_mid`))
    expect(writes(await open(trained(), 'base'))).toEqual(['blocks.2.hook_resid_post'])
    const causal = await open(scope(), 'c/params_layer_0')
    expect(writes(causal)).toEqual(['blocks.5.hook_resid_post', 'blocks.9.hook_resid_post'])
    expect(causal.config).toMatchObject({
      architecture: 'jumprelu',
      modelName: 'google/gemma-3-270m',
      readsBeyond: null,
    })
    expect(writes(await open(scope(), 'c/params_layer_1.safetensors'))).toEqual(['blocks.9.hook_resid_post'])
  })

  it('knows by what activations were multiplied where its authors tell', async () => {
    const scale = { ...moments, activation_global_scale: filled([2, 4], 2) }
    const normalized = await open(hub(2, scale), 'blocks.13.hook_resid_post/chat')
    expect(normalized.config.inputScale).toBe(4 + 1e-8)
    expect(normalized.config.readsBeyond).toMatchObject({ knowsScale: true })
    const unknown = { ...moments, activation_mean: filled(Array(8).fill(Number.NaN), 2, 4) }
    const plain = await open(hub(2, { ...unknown, activation_global_scale: m(2) }), 'blocks.13.hook_resid_post/chat')
    expect(plain.config.inputScale).toBe(1)
    const scaleOf = async (name: string, files: Files, id: string) => {
      const found = await openPlace(findSae(folderOf(files), id), {})
      const named = { ...found, name }
      const { config, later } = await (await crosscoderAt(named, id))!(findSae(folderOf(files), id), named)
      await found.close()
      return [config.readsBeyond!.knowsScale, config.inputScale, ...(later ?? []).map((layer) => layer.inputScale)]
    }
    const published = 'ckkissane/crosscoder-gemma-2-2b-model-diff'
    const theirs = 'blocks.14.hook_resid_pre'
    const diffed = {
      [`${theirs}/cfg.json`]: { ...cfg, hook_point: theirs },
      [`${theirs}/cc_weights.pt`]: stateDict(2),
    }
    expect(await scaleOf(published, diffed, `${theirs}/base`)).toEqual([true, 0.2758961493232058])
    expect(await scaleOf(published, diffed, `${theirs}/chat`)).toEqual([true, 0.24422852496546169])
    expect(await scaleOf(published, diff, `${place}/chat`)).toEqual([false, 1])
    const folded = { 'lambda_2_64k_cfg.json': cfg, 'lambda_2_64k.pt': stateDict(3) }
    expect(await scaleOf('NeelNanda/crosscoders-gpt2-small', folded, 'lambda_2_64k')).toEqual([true, 1, 1, 1])
    expect(await scaleOf('NeelNanda/crosscoders-gpt2-small', layers, 'a')).toEqual([false, 1, 1, 1])
  })

  it.each<[Files, string, RegExp]>([
    [diff, place, /compares two models at blocks\.1\.hook_resid_pre; end sae_id with \/base or \/chat/],
    [layers, 'a/chat', /reads 3 layers of one model, so "chat" has no meaning at the end of sae_id/],
    [{ ...layers, 'a_cfg.json': { ...cfg, site: null } }, 'a', /does not say what the crosscoder reads; put the hook/],
    [{ ...layers, 'a_cfg.json': { ...cfg, site: 'z' } }, 'a', /"blocks\.0\.hook_z" is not a hook point/],
    [{ ...layers, 'a.pt': { ...stateDict(3), b_dec: m(2, 4) } }, 'a', /tensors are for 3, 2 layers or models/],
    [{ ...layers, 'a.pt': { ...stateDict(3), W_dec: m(18, 4) } }, 'a', /W_dec .*expected 3 axes or more/],
    [
      { ...layers, 'a.pt': { ...stateDict(3), gate: m(6) } },
      'a',
      /has the tensor gate, which a crosscoder has no place/,
    ],
    [{ ...layers, 'a.pt': { ...stateDict(3), b_enc: m(5) } }, 'a', /b_enc of .* has shape \[5\], expected \[6\]/],
    [{ 'a_cfg.json': cfg }, 'a', /a\.pt/],
    [hub(2), '.', /config\.json does not say what the crosscoder reads/],
    [
      hub(3),
      'blocks.13.hook_resid_post',
      /has 3 layers or models, but one hook point; end sae_id with the hook points/,
    ],
    [hub(3), 'blocks.1_2.hook_resid_post', /has 3 layers, but there are 2 hook points/],
    [hub(3), 'blocks.1_0_2.hook_resid_post', /layers 1, 0, 2 are not in rising order/],
    [trained(), 'blocks.3.hook_resid_post/base', /made at blocks\.2\.hook_resid_post, but sae_id names blocks\.3/],
    [trained({ dict_class: 'AutoEncoder' }), 'base', /no base\/cfg\.json|no file base\/cfg\.json/],
    [
      hub(2, { ...moments, activation_global_scale: m(2) }),
      'blocks.1.hook_resid_post/base',
      /activation_global_scale is 0, 0, expected positive/,
    ],
    [scope({ type: 'sae' }), 'c/params_layer_0', /config\.json: type is "sae", expected "?crosscoder/],
    [
      scope({ hf_hook_point_in: 'model.layers.{5}.output' }),
      'c/params_layer_0',
      /expected model\.layers\.\{…\} with 2/,
    ],
    [scope({ hf_hook_point_out: 'model.layers.{5,9}.mlp' }), 'c/params_layer_0', /has no hook point; known are output/],
    [{ ...scope(), ...beyond }, 'c/params_layer_2', /there are 2 layers, so params_layer_2 is none of them/],
    [scope(), 'c/params_layer_2', /c\/params_layer_2\.safetensors/],
    [scope({}, { w_dec: m(12, 4) }), 'c/params_layer_0', /w_dec .*expected 3 axes or more/],
    [
      scope({ hf_hook_point_out: 'model.layers.{9,5}.output' }),
      'c/params_layer_0',
      /layers 9, 5 are not in rising order/,
    ],
    [trained({ submodule_name: 'layer_2_mlp' }), 'base', /does not say what the crosscoder reads/],
    [{ 'a_cfg.json': cfg, 'a.pt': stateDict(2) }, 'a', /does not say what the crosscoder reads/],
    [hub(2, moments), 'blocks.1.hook_resid_post/base', /has no tensor activation_global_scale/],
    [scope(), 'c', /c\/config\.json is of several layers; end sae_id with the file of one, such as c\/params_layer_0/],
    [scope({ affine_connection: true }), 'c/params_layer_0', /no tensor affine_skip_connection/],
    [
      scope({}, { affine_skip_connection: m(4, 4) }),
      'c/params_layer_0',
      /has the tensor affine_skip_connection, which/,
    ],
  ])('that is odd gives one sentence: %j %s', async (files, id, message) => {
    const failed = await open(files, id).catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(InputError)
    expect((failed as Error).message).toMatch(message)
  })

  it('of Gemma Scope 2 adds x times its skip connection as it is stored', async () => {
    const skip = filled([1, 2, 3, 4], 4, 4)
    const config = {
      affine_connection: true,
      type: 'clt',
      hf_hook_point_in: 'model.layers.{0,1}.pre_feedforward_layernorm.output',
      hf_hook_point_out: 'model.layers.{0,1}.post_feedforward_layernorm.output',
    }
    const sae = await open(scope(config, { affine_skip_connection: skip }), 'c/params_layer_0')
    const whole = { config: sae.config, tensors: await sae.load() }
    expect([...forward(whole, Float32Array.of(1, 0, 0, 0))]).toEqual([1, 2, 3, 4])
  })

  it('has one length of all rows, read in one pass', async () => {
    const rows = Array.from({ length: 72 }, (_, at) => at % 7)
    const sae = await open({ ...layers, 'a.pt': { ...stateDict(3), W_dec: filled(rows, 6, 3, 4) } }, 'a')
    const length = (at: number) => Math.hypot(...rows.slice(at * 12, (at + 1) * 12))
    expect([...(await sae.rowLengths())]).toEqual([0, 1, 2, 3, 4, 5].map((at) => expect.closeTo(length(at), 10)))
  })

  it('that reads everything only takes what adds', async () => {
    const all = await open(layers, 'a')
    const edit = { sae: all, latent: 2, coefficient: 3 } as const
    await expect(lowerEdits([{ ...edit, action: 'clamp' }])).rejects.toThrow(
      /clamp reads a latent, but those of .* read the activations at blocks\.0\.hook_resid_post to blocks\.2\.hook_resid_post, which are not known where its edit begins; it can be steered with add and add_latent$/,
    )
    await expect(lowerEdits([{ ...edit, action: 'add_latent' }])).rejects.toThrow(
      /add_latent needs the factors .* use add/,
    )
    await expect(lowerEdits([{ ...edit, action: 'project_clamp' }])).rejects.toThrow(/project_clamp has no meaning for/)
    await expect(lowerEdits([{ ...edit, action: 'add' }], { semantics: 'fork' })).rejects.toThrow(/semantics=fork/)
    await expect(all.load()).rejects.toThrow(/have no activations in a pass through one model/)
    await expect(all.encoderColumns([1])).rejects.toThrow(InputError)
    expect((await lowerEdits([{ ...edit, action: 'add' }])).map(({ hookPoint }) => hookPoint)).toEqual(writes(all))
    const condition = { sae: all, latent: 1, above: 0 }
    const lower = scope({
      hf_hook_point_in: 'model.layers.{0,1}.output',
      hf_hook_point_out: 'model.layers.{0,1}.output',
    })
    const other = await open(lower, 'c/params_layer_0')
    await expect(lowerEdits([{ sae: other, latent: 2, coefficient: 3, action: 'add', condition }])).rejects.toThrow(
      /cannot be a condition: it reads the activations at/,
    )
  })

  it('of two models takes what acts along its row too, which reads no latent', async () => {
    const one = await open(diff, `${place}/chat`)
    const edit = { sae: one, latent: 2, coefficient: 3 } as const
    expect(await lowerEdits([{ ...edit, action: 'project_clamp' }])).toHaveLength(1)
    await expect(lowerEdits([{ ...edit, action: 'project_clamp', fromDecoderBias: true }])).rejects.toThrow(
      /the b_dec of .* is no origin of this model's activations; leave the origin out/,
    )
    await expect(lowerEdits([{ ...edit, action: 'scale' }])).rejects.toThrow(
      /read the activations of two models, .* with add, add_latent, project_clamp, project_scale and project_cap$/,
    )
  })
})
