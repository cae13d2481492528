import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LanguageModel, ModelArguments } from '@saeval/language-model'
import { loglikelihood, registerModel } from '@saeval/language-model'
import { hf, hfArguments, loadModel, type OnnxModel } from '@saeval/lm-backend-onnx'
import { addStage, findSae, headSizeAt, type Intervention, lowerEdits, openSae } from '@saeval/sae-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fixtureJson, fixturePath, needsModel, temporaryFolder } from '../../../../tests/fixtures.js'
import { readGoldenTensors } from '../../../../tests/golden-tensors.js'
import { torchSteeringFile } from '../vectors/torch-file.testing.js'
import { steered } from './steered.js'

registerModel('hf', hf, { arguments: hfArguments })

const name = 'google/gemma-2-2b'
const golden = fixtureJson('golden/models/google--gemma-2-2b.json').steered
const tensors = readGoldenTensors('golden/models/google--gemma-2-2b.safetensors')
const vector = tensors.get('steered.v')!
const direction = tensors.get('steered.d_hat')!
const bias = tensors.get('steered.b')!
const layer = golden.layer as number

/** A safetensors file of float32 vectors. */
function safetensors(vectors: Readonly<Record<string, Float32Array>>, metadata: Record<string, string>): Buffer {
  let at = 0
  const header: Record<string, unknown> = { __metadata__: metadata }
  for (const [key, { length, byteLength }] of Object.entries(vectors)) {
    header[key] = { dtype: 'F32', shape: [length], data_offsets: [at, at + byteLength] }
    at += byteLength
  }
  const text = Buffer.from(JSON.stringify(header))
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(BigInt(text.length))
  const data = Object.values(vectors).map((values) => Buffer.from(values.buffer, values.byteOffset, values.byteLength))
  return Buffer.concat([size, text, ...data])
}

const folder = temporaryFolder()
function file(fileName: string, content: Buffer | string): string {
  const path = join(folder, fileName)
  writeFileSync(path, content)
  return path
}

const notices: string[] = []
const hub = { env: { HF_HOME: fixturePath('hf-home'), HF_HUB_OFFLINE: '1' } }
const open = (path: string, more: ModelArguments = {}): Promise<LanguageModel> =>
  steered(
    { pretrained: name, steer_path: path, ...more },
    { batchSize: '4', device: 'cpu', notice: (line) => notices.push(String(line)), hub },
  )

let model: OnnxModel
const pairs = [
  { context: 'The dog said', continuation: ' "hello" to you' },
  { context: 'One two', continuation: ' three' },
]
beforeAll(async () => {
  model = await loadModel({ model: name, device: 'cpu', hub })
})
afterAll(() => model.close())

/** The file's model must score as the model with these edits. */
async function expectSame(path: string, interventions: readonly Intervention[], more: ModelArguments = {}) {
  const opened = await open(path, more)
  const answers = await loglikelihood(opened, pairs)
  const expected = await loglikelihood(model.steer(interventions), pairs)
  const plain = await loglikelihood(model, pairs)
  answers.forEach(({ logprob }, index) => {
    expect(Math.abs(logprob - expected[index]!.logprob)).toBeLessThan(1e-3)
    expect(Math.abs(logprob - plain[index]!.logprob)).toBeGreaterThan(1e-2)
  })
  await opened.close()
}

// equal to transformers with a hook: lm-backend-onnx/src/goldens.test.ts
const addition = (hookPoint: string, values: Float32Array): Intervention => ({ hookPoint, stages: [addStage(values)] })
const projection = (hookPoint: string): Intervention => {
  const slot = {
    latent: -1,
    encoder: direction,
    bias: -bias.reduce((sum, value, i) => sum + value * direction[i]!, 0),
    threshold: Number.NEGATIVE_INFINITY,
    decoder: direction,
  }
  const reader = { readFrom: null, normalization: 'none', scalesOutput: false, whole: null, slots: [slot] } as const
  const update = { slot: 0, gates: [], alpha: -1, beta: golden.clamp_a as number, positions: null }
  const stage = { addend: null, adds: [], readers: [reader], phases: [[update]], saeReplacement: null }
  return { hookPoint, stages: [{ ...stage, gatesRead: 'clean' }] }
}

describe('--model steered', () => {
  it('adds and clamps with vectors of a .safetensors file, at modules named as transformers does', async () => {
    const scaled = vector.map((value) => value * golden.coefficient)
    const add = (module: string) =>
      file(
        'add.safetensors',
        safetensors(
          { [`${module}.steering_vector`]: vector },
          { [`${module}.action`]: 'add', [`${module}.steering_coefficient`]: String(golden.coefficient) },
        ),
      )
    await expectSame(add(`layers.${layer}`), [addition(`blocks.${layer}.hook_resid_post`, scaled)])
    await expectSame(add(`model.layers.${layer}.post_feedforward_layernorm`), [
      addition(`blocks.${layer}.hook_mlp_out`, scaled),
    ])
    const clamp = safetensors(
      { [`layers.${layer}.steering_vector`]: direction.map((value) => 3 * value), [`layers.${layer}.bias`]: bias },
      { [`layers.${layer}.action`]: 'clamp', [`layers.${layer}.steering_coefficient`]: String(golden.clamp_a) },
    )
    await expectSame(file('clamp.safetensors', clamp), [projection(`blocks.${layer}.hook_resid_post`)])
  })

  it('reads what torch.save writes', async () => {
    const ramp = Float32Array.from({ length: 64 }, (_, i) => i / 16)
    const ones = new Float32Array(64).fill(1 / 8)
    const slot = { latent: -1, encoder: ones, bias: 0, threshold: Number.NEGATIVE_INFINITY, decoder: ones }
    const reader = { readFrom: null, normalization: 'none', scalesOutput: false, whole: null, slots: [slot] } as const
    const phases = [[{ slot: 0, gates: [], alpha: -1, beta: 30, positions: null }]]
    await expectSame(file('steer.pt', torchSteeringFile()), [
      addition('blocks.13.hook_resid_post', ramp),
      {
        hookPoint: 'blocks.20.hook_resid_post',
        stages: [{ addend: null, adds: [], readers: [reader], phases, gatesRead: 'clean', saeReplacement: null }],
      },
    ])
    expect(notices.at(-2)).toContain('bias of layers.13, which add does not use')
  })

  it('acts at the positions of its arguments', async () => {
    const content = safetensors({ 'layers.13.steering_vector': vector }, { 'layers.13.action': 'add' })
    const adds = [{ vector, gates: [], positions: { include: ['generated' as const], exclude: [] } }]
    const stage = { addend: null, adds, readers: [], phases: [], gatesRead: 'clean', saeReplacement: null } as const
    const expected = [{ hookPoint: 'blocks.13.hook_resid_post', stages: [stage] }]
    await expectSame(file('where.safetensors', content), expected, { positions: 'generated' })
  })

  it('steers one head', async () => {
    const dHead = headSizeAt(model.dHead, 'blocks.0.attn.hook_z')
    const one = tensors.get('steered.v_z')!.slice(0, dHead)
    const all = new Float32Array(model.widthOf(`blocks.${layer}.attn.hook_z`))
    all.set(one, dHead)
    const content = (values: Float32Array) =>
      safetensors(
        { [`layers.${layer}.self_attn.steering_vector`]: values.map((value) => value * 30) },
        { [`layers.${layer}.self_attn.action`]: 'add', [`layers.${layer}.self_attn.head_index`]: '1' },
      )
    const expected = [
      addition(
        `blocks.${layer}.attn.hook_z`,
        all.map((value) => value * 30),
      ),
    ]
    await expectSame(file('head.safetensors', content(one)), expected)
    // of a vector of all heads the other heads' parts stay out
    await expectSame(file('heads.safetensors', content(all.map((value, i) => (value === 0 ? i : value)))), expected)
  })

  it('lets all rows of a CSV act, in row order', async () => {
    const release = 'gemma-scope-2b-pt-res-canonical'
    const path = file(
      'steer.csv',
      `loader,action,sparse_model,hookpoint,feature_index,steering_coefficient,head_index,sae_id,description
sae_lens,add,${release},layers.12,33,4,,layer_12/width_16k/canonical,
sae_lens,add,${release},,71,-3,,layer_12/width_16k/canonical,
sae_lens,,${release},blocks.20.hook_resid_post,12082,6,,layer_20/width_16k/canonical,
`,
    )
    const [low, high] = await Promise.all(
      ['layer_12/width_16k/canonical', 'layer_20/width_16k/canonical'].map((id) => openSae(findSae(release, id), hub)),
    )
    const edits = await lowerEdits([
      { sae: low!, action: 'add', latent: 33, coefficient: 4 },
      { sae: low!, action: 'add', latent: 71, coefficient: -3 },
      { sae: high!, action: 'add', latent: 12082, coefficient: 6 },
    ])
    await expectSame(path, edits)
    const clamped = file(
      'clamp.csv',
      `loader,action,sparse_model,hookpoint,feature_index,steering_coefficient,sae_id
sae_lens,clamp,${release},layers.12,33,9,layer_12/width_16k/canonical
`,
    )
    await expectSame(
      clamped,
      await lowerEdits([{ sae: low!, action: 'project_clamp', latent: 33, coefficient: 9, fromDecoderBias: true }]),
    )
    await Promise.all([low!.close(), high!.close()])
  })

  it.each([
    [
      'x.csv',
      'latent_idx,steering_coefficient,sae_release,sae_id\n1,1,a/b,c\n',
      'run it with `model` sae_steered_beta',
    ],
    [
      'sparsify.csv',
      'sparse_model,feature_index,steering_coefficient\nEleutherAI/sae,1,1\n',
      'sparsify.csv:2, column hookpoint: loader sparsify needs a hookpoint',
    ],
    ['x.txt', '', 'ends in none of .csv, .pt, .pth, .safetensors'],
    ['x.pt', 'no archive at all', 'x.pt'],
    [
      'no-action.safetensors',
      safetensors({ 'layers.1.steering_vector': vector }, {}),
      'no-action.safetensors, layers.1: action is missing, expected "add" or "clamp"',
    ],
    [
      'module.safetensors',
      safetensors({ 'layers.1.mlp.steering_vector': vector }, { 'layers.1.mlp.action': 'add' }),
      'the output of module "layers.1.mlp" is no hook point of this model',
    ],
    [
      'layer.safetensors',
      safetensors({ 'layers.99.steering_vector': vector }, { 'layers.99.action': 'add' }),
      'the model has no blocks.99.hook_resid_post, which "layers.99" stands for',
    ],
    [
      'width.safetensors',
      safetensors({ 'layers.1.steering_vector': vector.slice(1) }, { 'layers.1.action': 'add' }),
      'width.safetensors, layers.1: the vector has 63 numbers, but blocks.1.hook_resid_post has 64',
    ],
    [
      'head.safetensors',
      safetensors({ 'layers.1.steering_vector': vector }, { 'layers.1.action': 'add', 'layers.1.head_index': '0' }),
      'only attention has heads',
    ],
    [
      'zero.safetensors',
      safetensors({ 'layers.1.steering_vector': vector.map(() => 0) }, { 'layers.1.action': 'clamp' }),
      'the vector is zero',
    ],
    [
      'field.safetensors',
      safetensors({ 'layers.1.steering_vector': vector, 'layers.1.colour': vector }, { 'layers.1.action': 'add' }),
      'holds "layers.1.colour", which is no field of a module',
    ],
  ])('refuses %s', async (fileName, content, message) => {
    await expect(open(file(fileName, content))).rejects.toThrow(message)
  })
})

describe('sparsify', needsModel('EleutherAI/sae-SmolLM2-135M-64x'), () => {
  it('finds the SAE by its module', async () => {
    const path = file(
      'smol.csv',
      'sparse_model,hookpoint,feature_index,steering_coefficient\nEleutherAI/sae-SmolLM2-135M-64x,layers.2.mlp,3,2\n',
    )
    // its vectors fit another model; that they were read shows in the message
    await expect(open(path, { allow_other_model: true })).rejects.toThrow('layers.2.mlp')
  })
})
