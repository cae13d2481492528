import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateUntil } from '@saeval/language-model'
import { type LoadModelOptions, loadModel, type OnnxModel } from '@saeval/lm-backend-onnx'
import { addStage, type Intervention, parsePositions } from '@saeval/sae-core'
import { afterAll, describe, expect, it } from 'vitest'
import { fixtureJson, fixturePath, modelFolder, nightly } from '../../../../tests/fixtures.js'

const opened: OnnxModel[] = []
const folders: string[] = []
afterAll(async () => {
  await Promise.all(opened.map((model) => model.close()))
  for (const folder of folders) rmSync(folder, { recursive: true })
})

const source = (name: string) => fixturePath(`golden/onnx/${name}`)

async function open(model: string, options: Partial<LoadModelOptions> = {}): Promise<OnnxModel> {
  const tokenizer = modelFolder('fixture/gpt2')
  const loaded = await loadModel({ model, tokenizer, device: 'cpu', batchSize: 4, ...options })
  opened.push(loaded)
  return loaded
}

/** A copy of an export without its safetensors, which tests may damage. */
function copyOf(name: string, file: string, as = file): string {
  const folder = mkdtempSync(join(tmpdir(), 'saeval-onnx-'))
  folders.push(folder)
  cpSync(join(source(name), 'config.json'), join(folder, 'config.json'))
  cpSync(join(source(name), 'onnx', file), join(folder, 'onnx', as), { recursive: true })
  return folder
}

const rowOf = (ids: readonly number[]) => ({
  ids: [...ids],
  predictions: ids.slice(1).map((token, position) => ({ position, token })),
})

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length)
  return Array.from(a).reduce((most: number, value, index) => Math.max(most, Math.abs(value - b[index]!)), 0)
}

const contexts = ['The keeper', 'One day a dog and a cat were', 'x', 'The keeper']
const texts = (model: OnnxModel) =>
  generateUntil(
    model,
    contexts.map((context) => ({ context, until: [], maxGenToks: 10, doSample: false, temperature: 0 })),
  )

/** An addition everywhere, one at single positions, and a latent that is changed where it is active. */
function edits(hookPoint: string, d: number): Intervention[] {
  const vector = Float32Array.from({ length: d }, (_, index) => Math.sin(index + 1))
  const slot = { latent: 0, encoder: vector, bias: 0.1, threshold: 0, decoder: vector.map((value) => value / 4) }
  const reader = { readFrom: null, normalization: 'none', scalesOutput: false, whole: null, slots: [slot] } as const
  const positions = { include: parsePositions('1:3'), exclude: [] }
  return [
    {
      hookPoint,
      stages: [
        {
          ...addStage(vector),
          adds: [{ vector, gates: [], positions }],
          readers: [reader],
          phases: [[{ slot: 0, gates: [], alpha: 0.5, beta: 0.3, positions: null }]],
        },
      ],
    },
  ]
}

const files = [
  ['gpt2', 'decoder_model_merged.onnx'],
  ['llama', 'model.onnx'],
  ['llama', 'model_fused.onnx'],
  ['gpt-neox', 'model.onnx'],
  ['gemma2', 'model.onnx'],
  ['qwen3', 'model.onnx'],
] as const

/** Files in which nothing is written, cut and shared that is not in the others' too; they are all scored, seen and edited. */
const repeating = ['gpt-neox', 'qwen3']

describe.each(files)('%s %s', (name, file) => {
  const further = repeating.includes(name) ? nightly() : {}
  const golden = fixtureJson(`golden/onnx/${name}/golden.json`)
  const ids = golden.ids as number[]
  const both = Promise.all([open(source(name)), open(source(name), { onnxFile: `onnx/${file}` })])
  both.catch(() => {})

  it('has the log-probabilities of transformers, alone and beside other texts', async () => {
    const [, model] = await both
    const rows = [rowOf(ids), rowOf(ids.slice(0, 5)), rowOf(ids.slice(3))]
    const [row, beside] = await model.scoreTokens(rows)
    expect(distance(row!.logprobs, golden.logprobs)).toBeLessThan(1e-4)
    expect(distance(beside!.logprobs, golden.logprobs.slice(0, 4))).toBeLessThan(1e-4)
  })

  it('writes the texts of transformers and of the safetensors', further, async () => {
    const [built, model] = await both
    expect(await texts(model)).toEqual(await texts(built))
    const context = model.tokenizer.decode(ids)
    if (String(model.tokenizer.encode(context)) !== String(ids)) return
    const [text] = await generateUntil(model, [{ context, until: [], maxGenToks: 8, doSample: false, temperature: 0 }])
    expect(text).toBe(model.tokenizer.decode(golden.generated))
  })

  it('has the activations of the safetensors at every hook point that is found', async () => {
    const [built, model] = await both
    const missing = built.hookPoints.filter((hookPoint) => !model.hookPoints.includes(hookPoint))
    expect(missing.map((hookPoint) => hookPoint.replace(/^blocks\.\d+\./, ''))).toEqual(
      [0, 1].flatMap(() => ['ln2.hook_normalized', 'mlp.hook_pre']),
    )
    const [wanted, found] = await Promise.all(
      [built, model].map((one) => one.captureActivations(ids, model.hookPoints)),
    )
    for (const hookPoint of model.hookPoints)
      expect(distance(found!.get(hookPoint)!.data, wanted!.get(hookPoint)!.data), hookPoint).toBeLessThan(1e-4)
  })

  it('is edited as the safetensors are, at every hook point', async () => {
    const [built, model] = await both
    const setting = model.hookPoints.flatMap((hookPoint) => edits(hookPoint, model.widthOf(hookPoint)))
    const rows = [rowOf(ids), rowOf(ids.slice(0, 4))]
    const [wanted, found] = await Promise.all([built, model].map((one) => one.steer(setting).scoreTokens(rows)))
    for (const row of [0, 1]) expect(distance(found![row]!.logprobs, wanted![row]!.logprobs)).toBeLessThan(1e-4)
  })

  it('writes the same steered texts', further, async () => {
    const [built, model] = await both
    const setting = edits('blocks.1.hook_resid_pre', model.widthOf('blocks.1.hook_resid_pre'))
    const steered = await texts(model.steer(setting))
    expect(steered).toEqual(await texts(built.steer(setting)))
    expect(steered).not.toEqual(await texts(model))
  })

  it('is cut at every hook point for callbacks', further, async () => {
    const [built, model] = await both
    const more = ({ data }: { data: Float32Array }) => data.map((value) => 1.1 * value)
    const hooks = Object.fromEntries(model.hookPoints.map((hookPoint) => [hookPoint, more]))
    const [wanted, found] = await Promise.all([built, model].map((one) => one.runWithHooks(ids, hooks)))
    expect(distance(found!.logits.at(-1)!, wanted!.logits.at(-1)!)).toBeLessThan(1e-4)
  })

  it('shares the layers below the edits of several settings', further, async () => {
    const [, model] = await both
    const setting = edits('blocks.1.hook_mlp_out', model.widthOf('blocks.1.hook_mlp_out'))
    const alone = await model.steer(setting).scoreTokens([rowOf(ids), rowOf(ids.slice(2))])
    const shared = model.shareBelow([[], setting])
    await shared.scoreTokens([rowOf(ids), rowOf(ids.slice(2))])
    const after = await shared.steer(setting).scoreTokens([rowOf(ids), rowOf(ids.slice(2))])
    for (const [index, row] of after.entries())
      expect(distance(row.logprobs, alone[index]!.logprobs)).toBeLessThan(1e-5)
    await shared.close()
  })
})

describe('other numbers', () => {
  it('multiplies with matrices of 4 bits', async () => {
    const golden = fixtureJson('golden/onnx/llama/golden-q4.json')
    const model = await open(source('llama'), { onnxFile: 'onnx/model_q4.onnx' })
    const [row] = await model.scoreTokens([rowOf(golden.ids)])
    expect(distance(row!.logprobs, golden.logprobs)).toBeLessThan(1e-4)
    expect(model.info.provenance.onnx).toMatchObject({ file: 'onnx/model_q4.onnx', bits: 4, hook_points: true })
    const quantization = { bits: 4, block: 16, activations: 'float32' }
    expect(model.info.dtype).toBe('int4')
    expect(model.info.provenance).toMatchObject({ quantization })
    expect(model.hookPoints).toContain('blocks.1.mlp.hook_post')
  })

  it('computes in float16 where the file does, and edits there in float32', async () => {
    const golden = fixtureJson('golden/onnx/llama/golden.json')
    const [built, half] = [
      await open(source('llama')),
      await open(source('llama'), { onnxFile: 'onnx/model_fp16.onnx' }),
    ]
    expect(half.info.dtype).toBe('torch.float16')
    expect(half.info.provenance).toMatchObject({ computed_in: 'float16' })
    const setting = edits('blocks.0.hook_resid_post', 16)
    const [plain] = await half.scoreTokens([rowOf(golden.ids)])
    const [steered] = await half.steer(setting).scoreTokens([rowOf(golden.ids)])
    const [wanted] = await built.steer(setting).scoreTokens([rowOf(golden.ids)])
    expect(distance(plain!.logprobs, golden.logprobs)).toBeLessThan(0.03)
    expect(distance(steered!.logprobs, wanted!.logprobs)).toBeLessThan(0.03)
    expect(await texts(half)).toHaveLength(contexts.length)
  })
})

describe('which file', () => {
  it('takes the file in float32 where there are no safetensors, and says so', async () => {
    const folder = copyOf('llama', 'model.onnx')
    cpSync(join(source('llama'), 'onnx', 'model.onnx_data'), join(folder, 'onnx', 'model.onnx_data'))
    cpSync(join(source('llama'), 'onnx', 'model_q4.onnx'), join(folder, 'onnx', 'model_q4.onnx'))
    const lines: string[] = []
    const model = await open(folder, { notice: (line) => lines.push(String(line)) })
    expect(lines.join()).toMatch(/computed from onnx\/model.onnx; onnx_file=… chooses another.*model_q4/)
    expect(model.info.provenance.onnx).toMatchObject({ file: 'onnx/model.onnx' })
    const own = (await model.files?.())?.filter(({ place }) => place === folder).map(({ path }) => path)
    expect(own).toEqual(['config.json', 'onnx/model.onnx', 'onnx/model.onnx_data'])
    const ofTokenizer = (await model.files?.())?.filter(({ place }) => place !== folder).map(({ path }) => path)
    expect(ofTokenizer).toContain('tokenizer.json')
  })

  it('asks where several could be it', async () => {
    const folder = copyOf('llama', 'model_q4.onnx')
    cpSync(join(source('llama'), 'onnx', 'model_q4.onnx'), join(folder, 'onnx', 'model_other.onnx'))
    await expect(open(folder)).rejects.toThrow(/2 ONNX files and none named model.onnx; choose one.*model_other.onnx/)
    await expect(open(folder, { onnxFile: 'nothing.onnx' })).rejects.toThrow(/no such file; its ONNX files: onnx/)
  })

  it('reads one alone whatever its name', async () => {
    const model = await open(copyOf('llama', 'model_fused.onnx', 'some.onnx'))
    expect(model.hookPoints).toContain('blocks.0.attn.hook_z')
  })

  it.each([
    [{ dtype: 'bfloat16' }, /leave dtype=bfloat16 out/],
    [{ gpuMemory: 0.5 }, /computes on the CPU/],
  ] as const)('refuses what is for safetensors: %o', async (options, message) => {
    await expect(open(source('gpt2'), { onnxFile: 'onnx/no_cache.onnx', ...options })).rejects.toThrow(message)
  })
})

describe('odd and damaged files', () => {
  it('scores without a cache, and says why it writes nothing', async () => {
    const golden = fixtureJson('golden/onnx/gpt2/golden.json')
    const model = await open(source('gpt2'), { onnxFile: 'onnx/no_cache.onnx' })
    const [row] = await model.scoreTokens([rowOf(golden.ids)])
    expect(distance(row!.logprobs, golden.logprobs)).toBeLessThan(1e-4)
    await expect(texts(model)).rejects.toThrow(/takes no past_key_values, so it scores and writes no texts/)
  })

  it('names the weights that are not there', async () => {
    await expect(open(copyOf('llama', 'model.onnx'))).rejects.toThrow(
      /has no onnx\/model.onnx_data, which holds weights/,
    )
    const short = copyOf('llama', 'model.onnx')
    writeFileSync(join(short, 'onnx', 'model.onnx_data'), new Uint8Array(100))
    await expect(open(short)).rejects.toThrow(/the file is damaged or incomplete: download it again/)
  })

  it.each([0.2, 0.6, 0.99])('refuses a file that ends after %d of its bytes', async (share) => {
    const folder = copyOf('llama', 'model_fused.onnx')
    const file = join(folder, 'onnx', 'model_fused.onnx')
    truncateSync(file, Math.floor(readFileSync(file).length * share))
    await expect(open(folder)).rejects.toThrow(/model_fused.onnx is damaged or incomplete, or no ONNX file/)
  })

  it.each(['', 'version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 5\n', '<html></html>'])(
    'refuses what is no ONNX: %j',
    async (text) => {
      const folder = copyOf('llama', 'model_fused.onnx')
      writeFileSync(join(folder, 'onnx', 'model_fused.onnx'), text)
      await expect(open(folder)).rejects.toThrow(/no ONNX|holds no ONNX graph/)
    },
  )

  /** The file with one name in it as another of the same length. */
  function renamed(from: string, to: string): string {
    expect(to.length).toBe(from.length)
    const folder = copyOf('llama', 'model_fused.onnx')
    const file = join(folder, 'onnx', 'model_fused.onnx')
    writeFileSync(file, Buffer.from(readFileSync(file, 'latin1').replaceAll(from, to), 'latin1'))
    return folder
  }

  it.each([
    ['input_ids', 'input_abc', /does not take input_ids but input_abc, attention_mask/],
    ['attention_mask', 'attentive_mask', /takes "attentive_mask", which saeval does not know; it gives input_ids/],
    ['logits', 'logitz', /gives no logits but logitz, present/],
    ['present.0.key', 'present.7.key', /takes past_key_values.0.key and does not give present.0.key/],
    ['past_key_values.0.key', 'encoder_hidden_states', /part of an encoder-decoder model/],
  ])('says what is other than it knows: %s', async (from, to, message) => {
    await expect(open(renamed(from, to))).rejects.toThrow(message)
  })

  it('compares the configuration with the graph', async () => {
    const folder = copyOf('llama', 'model_fused.onnx')
    const path = join(folder, 'config.json')
    const config = JSON.parse(readFileSync(path, 'utf8'))
    const write = (fields: object) => writeFileSync(path, JSON.stringify({ ...config, ...fields }))
    write({ num_hidden_layers: 3 })
    await expect(open(folder)).rejects.toThrow(/says 3 layers, and the ONNX graph keeps keys and values of 2/)
    write({ hidden_size: 32 })
    await expect(open(folder)).rejects.toThrow(/says a width of 32, and the layers of .* have 16/)
    write({ vocab_size: 100 })
    await expect(open(folder)).rejects.toThrow(/says 100 tokens, and the ONNX graph gives logits of 512/)
  })

  it('lists the hook points that there are', async () => {
    const model = await open(source('llama'), { onnxFile: 'onnx/model_fused.onnx' })
    expect(() => model.widthOf('blocks.0.mlp.hook_pre')).toThrow(
      /no hook point "blocks.0.mlp.hook_pre"; it has hook_embed and, for layers 0 to 1, blocks.L.hook_resid_pre, blocks.L.attn.hook_z/,
    )
  })
})
