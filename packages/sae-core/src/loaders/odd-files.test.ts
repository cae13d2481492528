import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { InputError } from '@saeval/hub'
import { zipSync } from 'fflate'
import { afterEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import type { VirtualFile } from '../../../hub/src/fake-hub.testing.js'
import { startFakeHub } from '../../../hub/src/fake-hub.testing.js'
import { decode, findSae, openSae, type SaeFile } from '../index.js'
import { openTorchFile } from '../torch/torch-file.js'
import { TorchTensor } from '../torch/torch-world.js'
import { type MadeArrays, madeNpz, madeSafetensors, statePickle } from './weights.testing.js'

const m = (...shape: number[]) => ({ dtype: 'F32' as const, shape })
const ones = (size: number, value = 1) => ({
  ...m(size),
  data: { at: 0, bytes: Buffer.from(new Float32Array(size).fill(value).buffer) },
})
const bytesOf = (file: VirtualFile) => file.subarray(0, file.length)

let opened: SaeFile | null = null
afterEach(async () => {
  await opened?.close()
  opened = null
})

/** Opens a folder with these files as a user's own SAE "one". */
async function openFolder(files: Readonly<Record<string, string | Buffer>>): Promise<SaeFile> {
  const folder = temporaryFolder()
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  opened = await openSae(findSae(folder, 'one'))
  return opened
}

const standard = { W_enc: m(4, 6), W_dec: m(6, 4), b_enc: m(6), b_dec: m(4) }
const openNative = (fields: object, arrays: MadeArrays = standard) =>
  openFolder({
    'one/cfg.json': JSON.stringify({ hook_name: 'blocks.1.hook_resid_post', ...fields }),
    'one/sae_weights.safetensors': bytesOf(madeSafetensors(arrays)),
  })

describe('a folder in the native format', () => {
  it('of a version before 6 has its defaults', async () => {
    const { config } = await openNative({
      hook_point: 'blocks.2.attn.hook_z',
      hook_name: undefined,
      normalize_activations: null,
    })
    expect(config).toMatchObject({
      architecture: 'standard',
      hookPoint: 'blocks.2.attn.hook_z',
      reshapeHookZ: true,
      applyBDecToInput: true,
      normalization: 'none',
    })
  })

  it('of version 6 keeps the model under metadata', async () => {
    const metadata = { sae_lens_version: '6.44.3', hook_name: 'blocks.2.attn.hook_z', model_name: 'gpt2' }
    const { config } = await openNative({ metadata, hook_name: undefined, activation_fn: 'gelu' })
    expect(config).toMatchObject({ hookPoint: 'blocks.2.attn.hook_z', reshapeHookZ: false, modelName: 'gpt2' })
  })

  it('may carry a scaling factor of ones only', async () => {
    await openNative({}, { ...standard, scaling_factor: ones(6) })
    await opened!.close()
    await expect(openNative({}, { ...standard, scaling_factor: ones(6, 1.5) })).rejects.toThrow(/scaling factor/)
  })

  it('can be a transcoder, with other sizes and hook points', async () => {
    const { config } = await openNative(
      {
        architecture: 'skip_transcoder',
        hook_name: 'blocks.1.mlp.hook_in',
        hook_name_out: 'blocks.1.hook_mlp_out',
        d_out: 3,
      },
      { W_enc: m(4, 6), W_dec: m(6, 3), b_enc: m(6), b_dec: m(3), W_skip: m(3, 4) },
    )
    expect(config).toMatchObject({ dIn: 4, dOut: 3, skipConnection: true, hookPointOut: 'blocks.1.hook_mlp_out' })
  })

  it('can be a transcoder that normalises its input: its output is left as it is', async () => {
    const sae = await openNative(
      {
        architecture: 'transcoder',
        hook_name: 'blocks.1.mlp.hook_in',
        hook_name_out: 'blocks.1.hook_mlp_out',
        normalize_activations: 'layer_norm',
      },
      { ...standard, b_dec: ones(4, 3) },
    )
    const whole = { config: sae.config, tensors: await sae.load() }
    expect([...decode(whole, new Float32Array(6), Float32Array.of(9, 2, 3, 5))]).toEqual([3, 3, 3, 3])
  })

  it('can be temporal', async () => {
    const layer = (name: string, out: number) => ({
      [`attn_layers.0.${name}.weight`]: m(out, 6),
      [`attn_layers.0.${name}.bias`]: m(out),
    })
    const attention = { ...layer('q_target', 3), ...layer('k_ctx', 3), ...layer('v_ctx', 6), ...layer('c_proj', 6) }
    const { config, load } = await openNative(
      {
        architecture: 'temporal',
        n_heads: 3,
        bottleneck_factor: 2,
        normalize_activations: 'constant_scalar_rescale',
        activation_normalization_factor: 0.5,
      },
      { W_enc: m(4, 6), W_dec: m(6, 4), b_dec: m(4), ...attention },
    )
    expect(config).toMatchObject({ inputScale: 0.5, temporal: { nHeads: 3, bottleneckFactor: 2, tiedWeights: true } })
    expect((await load()).attention[0]!.query.weight).toHaveLength(18)
  })

  it.each<[string, object, MadeArrays, RegExp]>([
    [
      'attention layers without end',
      { architecture: 'temporal', n_attn_layers: 2 ** 52 },
      { W_enc: m(4, 6), W_dec: m(6, 4), b_dec: m(4) },
      /no tensor attn_layers\.0\.q_target\.weight/,
    ],
    [
      'an unknown architecture',
      { architecture: 'crosscoder' },
      standard,
      /architecture is "crosscoder", expected standard, gated/,
    ],
    [
      'an old activation function',
      { activation_fn_str: 'tanh-relu' },
      standard,
      /activation function "tanh-relu" is not supported/,
    ],
    ['top-k without k', { activation_fn_str: 'topk' }, standard, /top-k SAE without k/],
    [
      'a hook point that is none',
      { hook_name: 'blocks.1.hook_q' },
      standard,
      /"blocks\.1\.hook_q" is not a hook point/,
    ],
    ['no hook point', { hook_name: undefined, hook_point: 3 }, standard, /hook_name is 3, expected a text/],
    ['a single head', { hook_head_index: 2 }, standard, /single head/],
    ['a size that is not the tensors’', { d_sae: 7 }, standard, /d_sae is 7, but the weights have 6/],
    [
      'a transcoder that subtracts b_dec',
      { architecture: 'transcoder', hook_name_out: 'blocks.1.hook_mlp_out', apply_b_dec_to_input: true },
      standard,
      /cannot be true/,
    ],
    ['a transcoder that writes nowhere', { architecture: 'transcoder' }, standard, /hook_name_out is missing/],
    ['an SAE that writes elsewhere', { hook_name_out: 'blocks.2.hook_mlp_out' }, standard, /only transcoders/],
    ['a missing tensor', { architecture: 'jumprelu' }, standard, /no tensor threshold, which a jumprelu SAE needs/],
    [
      'a tensor too many',
      {},
      { ...standard, threshold: m(6) },
      /tensor threshold, which a standard SAE has no place for/,
    ],
    ['tensors that do not fit', {}, { ...standard, b_enc: m(5) }, /b_enc of .* has shape \[5\], expected \[6\]/],
    ['a tensor of one axis', {}, { ...standard, W_enc: m(24) }, /without numbers|W_enc of .* has shape \[24\]/],
    ['integers', {}, { ...standard, b_dec: { dtype: 'I64', shape: [4] } }, /stored as I64/],
  ])('with %s is refused', async (_, fields, arrays, message) => {
    const error = await openNative(fields, arrays).catch((cause: unknown) => cause)
    expect((error as Error).message).toMatch(message)
    expect(InputError.isInstance(error)).toBe(true)
  })
})

describe('a folder in the sparsify format', () => {
  const tensors = { 'encoder.weight': m(6, 4), 'encoder.bias': m(6), W_dec: m(6, 4), b_dec: m(4) }
  const openSparsify = async (id: string, fields: object, run?: object, arrays: MadeArrays = tensors) => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, id), { recursive: true })
    writeFileSync(join(folder, id, 'cfg.json'), JSON.stringify({ d_in: 4, k: 2, ...fields }))
    writeFileSync(join(folder, id, 'sae.safetensors'), bytesOf(madeSafetensors(arrays)))
    if (run) writeFileSync(join(folder, 'config.json'), JSON.stringify(run))
    opened = await openSae(findSae(folder, id))
    return opened.config
  }

  it.each([
    ['layers.3', {}, 'blocks.3.hook_resid_post', 'blocks.3.hook_resid_post'],
    ['h.3.mlp', {}, 'blocks.3.hook_mlp_out', 'blocks.3.hook_mlp_out'],
    ['model.layers.12.self_attn', {}, 'blocks.12.hook_attn_out', 'blocks.12.hook_attn_out'],
    ['embed_tokens', {}, 'hook_embed', 'hook_embed'],
    ['layers.3.mlp', { transcode: true }, 'blocks.3.mlp.hook_in', 'blocks.3.hook_mlp_out'],
  ])('%s %o', async (id, fields, input, output) => {
    expect(await openSparsify(id, fields, { model: 'x/y' })).toMatchObject({
      hookPoint: input,
      hookPointOut: output,
      architecture: 'topk',
      k: 2,
      modelName: 'x/y',
    })
  })

  it.each<[string, object, object, RegExp]>([
    ['layers.3', { signed: true }, {}, /signed/],
    ['layers.3', { activation: 'softplus' }, {}, /activation is "softplus", expected topk, groupmax/],
    ['layers.3', { activation: 'groupmax', k: 4 }, {}, /6 latents cannot be divided into 4 groups/],
    ['layers.3', { d_in: 5 }, {}, /d_in is 5, but encoder\.weight has 4/],
    ['layers.3.mlp.act', {}, {}, /is no hook point/],
    ['layers.3.self_attn', { transcode: true }, {}, /the input of the module "layers\.3\.self_attn" is no hook point/],
    ['layers.3.mlp', {}, { model: 'google/gemma-2-2b' }, /"layers\.3\.mlp" of google\/gemma-2-2b is no hook point/],
    ['layers.3', { skip_connection: true }, {}, /no tensor W_skip/],
  ])('%s %o %o is refused', async (id, fields, run, message) => {
    await expect(openSparsify(id, fields, run)).rejects.toThrow(message)
  })
})

it('a deflated npz is downloaded once, whole', async () => {
  const stored = bytesOf(madeNpz({ w_enc: m(40, 60), w_dec: m(60, 40), b_enc: m(60), b_dec: m(40), threshold: m(60) }))
  const members: Record<string, Uint8Array> = {}
  // the arrays of the stored archive, compressed; noise so that they keep their size
  for (const [name, shape] of Object.entries({
    w_enc: [40, 60],
    w_dec: [60, 40],
    b_enc: [60],
    b_dec: [40],
    threshold: [60],
  })) {
    const at = stored.indexOf(`${name}.npy`) + name.length + 4
    const bytes = Uint8Array.from(stored.subarray(at, at + 128 + 4 * shape.reduce((a, b) => a * b)))
    for (let i = 128; i < bytes.length; i++) bytes[i] = i % 4 === 3 ? 0x3f : (i * 7919) % 251
    members[`${name}.npy`] = bytes
  }
  const file = Buffer.from(zipSync(members))
  const path = 'layer_20/width_16k/average_l0_71/params.npz'
  const hub = await startFakeHub('google/gemma-scope-2b-pt-res', { [path]: file })
  const env = { HF_HOME: temporaryFolder(), HF_ENDPOINT: hub.endpoint }
  opened = await openSae(findSae('gemma-scope-2b-pt-res-canonical', 'layer_20/width_16k/canonical'), { env })
  const expected = new Float32Array(members['w_dec.npy']!.slice(128).buffer).slice(7 * 40, 8 * 40)
  expect(await opened.decoderRow(7)).toEqual(expected)
  const sent = hub.sent()
  expect(sent).toBeGreaterThan(file.length)
  await opened.decoderRow(8)
  await opened.load()
  expect(hub.sent()).toBe(sent)
  await hub.close()
})

it('a .pt file of nested dictionaries opens as Maps', async () => {
  const state = statePickle({ vector: ones(3, 2.5) }).slice(2, -1)
  const path = join(temporaryFolder(), 'steer.pt')
  const pickle = Buffer.from(`\x80\x02}X\x08\x00\x00\x00layers.3${state}s.`, 'latin1')
  writeFileSync(
    path,
    zipSync({ 'a/data.pkl': pickle, 'a/data/0': Buffer.from(new Float32Array(3).fill(2.5).buffer) }, { level: 0 }),
  )
  const file = await openTorchFile(path)
  const vector = ((file.value as Map<string, Map<string, unknown>>).get('layers.3') as Map<string, unknown>).get(
    'vector',
  )
  expect(vector).toBeInstanceOf(TorchTensor)
  expect([...(await file.numbers(vector as TorchTensor, 'vector'))]).toEqual([2.5, 2.5, 2.5])
  await file.close()
})
