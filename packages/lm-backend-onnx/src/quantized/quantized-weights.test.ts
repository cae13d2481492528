import { execFile } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { LoadModelOptions } from '@saeval/lm-backend-onnx'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fixturePath, gpt2, hfHomeOf, modelFolder, needsModel, temporaryFolder } from '../../../../tests/fixtures.js'
import { testDevice } from '../../../../tests/test-device.js'
import { type Bits, quantizeRows } from '../weights/quantize-rows.js'

// built, because it starts a worker
const built = new URL('../../dist/model/load-model.js', import.meta.url)
const { loadModelPacked } = (await import(built.href)) as typeof import('../model/load-model.js')

const ids = [5, 17, 300, 42, 7, 7, 250, 11, 90, 3, 128, 64]
const predictions = ids.slice(1).map((token, position) => ({ position, token }))

let cache: string
let temporary: string
let notices: string[]
const TMPDIR = process.env.TMPDIR
beforeEach(() => {
  cache = temporaryFolder()
  temporary = temporaryFolder()
  notices = []
})
afterEach(() => {
  if (TMPDIR === undefined) delete process.env.TMPDIR
  else process.env.TMPDIR = TMPDIR
})

/** Log-probabilities of a model, opened and closed; files of any size are kept. */
async function score(options: Partial<LoadModelOptions> = {}, saevalCache = cache, packUpTo = 0) {
  const model = await loadModelPacked(
    {
      model: gpt2,
      dtype: 'int8',
      device: 'cpu',
      hub: { env: { HF_HOME: fixturePath('hf-home'), HF_HUB_OFFLINE: '1', SAEVAL_CACHE: saevalCache } },
      notice: (line) => notices.push(String(line)),
      ...options,
    },
    packUpTo,
  )
  try {
    const [row] = await model.scoreTokens([{ ids, predictions }])
    return { logprobs: row!.logprobs, dtype: model.info.dtype, provenance: model.info.provenance }
  } finally {
    await model.close()
  }
}

function kept(): string[] {
  return readdirSync(join(cache, 'quantized-weights')).map((name) => join(cache, 'quantized-weights', name))
}

describe('quantised weights', () => {
  it('are made once, and say what they are', async () => {
    const first = await score()
    expect(notices).toEqual([expect.stringMatching(new RegExp(`^making the int8 weights of ${gpt2}, once, in .*int8`))])
    expect(first.dtype).toBe('int8')
    expect(first.provenance).toMatchObject({ quantization: { bits: 8, activations: 'int8' } })
    expect(await score()).toEqual(first)
    expect(notices.length).toBe(1)
    expect(kept().length).toBe(1)
  })

  // in 8 bits the CPU rounds activations too, devices do not
  it.each(testDevice === 'cpu' ? ([4] as const) : ([4, 8] as const))(
    'in %i bits compute what float32 computes with the rounded numbers',
    async (bits) => {
      const device = testDevice
      const { logprobs } = await score({ dtype: `int${bits}`, device })
      const byHand = await score({ model: dequantizedCopy(bits), dtype: 'float32', device })
      for (const [i, value] of logprobs.entries()) expect(Math.abs(value - byHand.logprobs[i]!)).toBeLessThan(2e-4)
      const plain = await score({ dtype: 'float32', device })
      expect(Math.max(...logprobs.map((value, i) => Math.abs(value - plain.logprobs[i]!)))).toBeGreaterThan(1e-2)
    },
  )

  it('are made anew when the file is damaged', async () => {
    const whole = await score()
    const [path] = kept() as [string]
    const bytes = readFileSync(path)
    for (const damage of [
      () => truncateSync(path, bytes.length - 100),
      () => writeFileSync(path, bytes.fill(7, bytes.length - 50, bytes.length - 40)),
      () => writeFileSync(path, 'not a weights file'),
      () => writeFileSync(path, ''),
    ]) {
      notices = []
      damage()
      expect(await score()).toEqual(whole)
      expect(notices[0]).toMatch(/is damaged \(.*\) and is made anew$/)
      expect(kept()).toEqual([path])
    }
  })

  it('are safe when two processes make them at once', async () => {
    const script = `
      import { loadModelPacked } from ${JSON.stringify(built.href)}
      const model = await loadModelPacked({ model: '${gpt2}', dtype: 'int8', device: 'cpu' }, 0)
      const rows = await model.scoreTokens(${JSON.stringify([{ ids, predictions }])})
      console.log(JSON.stringify(rows[0].logprobs))
      await model.close()`
    const env = { ...process.env, HF_HOME: fixturePath('hf-home'), HF_HUB_OFFLINE: '1', SAEVAL_CACHE: cache }
    const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { env })
    const outputs = await Promise.all([run(), run()])
    const { logprobs } = await score()
    for (const { stdout } of outputs) expect(JSON.parse(stdout)).toEqual(logprobs)
    expect(notices).toEqual([])
    expect(kept().length).toBe(1)
  })

  it('are made for one run where the cache cannot be written, is off, or the model is small', async () => {
    const whole = await score()
    notices = []
    process.env.TMPDIR = temporary
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    expect(await score({}, join(file, 'cache'))).toEqual(whole)
    expect(notices).toEqual([expect.stringMatching(/cache cannot be written \(ENOTDIR.*are made for this run only$/)])
    expect(await score({}, 'off')).toEqual(whole)
    cache = temporaryFolder()
    expect(await score({}, cache, 2 ** 40)).toEqual(whole)
    expect(readdirSync(cache)).toEqual([])
    expect(notices.length).toBe(1)
    // nothing is left behind
    expect(readdirSync(temporary).filter((name) => name.startsWith('saeval-weights'))).toEqual([])
    process.env.TMPDIR = file
    await expect(score({}, 'off')).rejects.toThrow(
      /cannot be written .*set SAEVAL_CACHE to a folder with room, or choose/,
    )
  })

  it('belong to the bytes they were made from and to the dtype', async () => {
    const folder = copy()
    await score({ model: folder })
    await score({ model: folder, dtype: 'int4' })
    expect(kept().length).toBe(2)
    const path = join(folder, 'model.safetensors')
    const bytes = readFileSync(path)
    bytes[bytes.length - 1]! ^= 1
    writeFileSync(path, bytes)
    await score({ model: folder })
    expect(kept().length).toBe(3)
  })

  it('leave nothing behind when they are interrupted', async () => {
    const controller = new AbortController()
    const env = { HF_HOME: fixturePath('hf-home'), HF_HUB_OFFLINE: '1', SAEVAL_CACHE: cache }
    const stopped = score({ hub: { env, signal: controller.signal, onProgress: () => controller.abort() } })
    await expect(stopped).rejects.toThrow(/abort/)
    expect(kept()).toEqual([])
  })

  const experts = 'Qwen/Qwen3-30B-A3B-Base'
  it('are refused where they cannot be computed', needsModel(experts), async () => {
    await expect(score({ model: experts })).rejects.toThrow(/dtype=int8: .* has experts/)
  })

  const hubOf = (model: string) => ({ env: { HF_HOME: hfHomeOf(model), HF_HUB_OFFLINE: '1', SAEVAL_CACHE: cache } })

  it('are refused of experts beside an MLP', async () => {
    const model = 'google/gemma-4-26B-A4B'
    await expect(score({ model, hub: hubOf(model) })).rejects.toThrow(/dtype=int8: .* has experts/)
  })

  it('are those of embeddings of layers, too, whose table stays as it is', async () => {
    const model = 'google/gemma-4-E2B'
    const scoreIn = async (dtype: 'float32' | 'int8' | 'int4') =>
      (await score({ model, dtype, hub: hubOf(model) })).logprobs
    const plain = await scoreIn('float32')
    const most = async (dtype: 'int8' | 'int4') =>
      Math.max(...(await scoreIn(dtype)).map((value, i) => Math.abs(value - plain[i]!)))
    const [int8, int4] = [await most('int8'), await most('int4')]
    expect(int8).toBeGreaterThan(0)
    expect(int8).toBeLessThan(int4)
    expect(int4).toBeLessThan(8)
  })
})

function copy(): string {
  const folder = temporaryFolder()
  cpSync(modelFolder(gpt2), folder, { recursive: true, dereference: true })
  return folder
}

/** GPT-2's stand-in with its matrices rounded to 4 bits and stored in float32; the head is rounded, the embedding is not. */
function dequantizedCopy(bits: Bits): string {
  const folder = copy()
  const path = join(folder, 'model.safetensors')
  const bytes = readFileSync(path)
  const length = Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >
  const parts: Buffer[] = []
  const written: Record<string, unknown> = {}
  let offset = 0
  const add = (name: string, shape: readonly number[], values: Float32Array) => {
    written[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + values.byteLength] }
    offset += values.byteLength
    parts.push(Buffer.from(values.buffer))
  }
  for (const [name, { shape, data_offsets: at }] of Object.entries(header)) {
    if (name === '__metadata__') continue
    const values = new Float32Array(
      bytes.buffer.slice(bytes.byteOffset + 8 + length + at[0], bytes.byteOffset + 8 + length + at[1]),
    )
    const [rows, columns] = shape as [number, number]
    if (/c_(attn|proj|fc)\.weight$/.test(name)) {
      add(name, shape, transpose(rounded(transpose(values, rows, columns), rows, bits), columns, rows))
      continue
    }
    add(name, shape, values)
    if (/wte\.weight$/.test(name)) add('lm_head.weight', shape, rounded(values, columns, bits))
  }
  const json = Buffer.from(JSON.stringify(written))
  const prefix = Buffer.alloc(8)
  prefix.writeBigUInt64LE(BigInt(json.length))
  writeFileSync(path, Buffer.concat([prefix, json, ...parts]))
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...config, tie_word_embeddings: false }))
  return folder
}

function rounded(values: Float32Array, columns: number, bits: Bits): Float32Array {
  const { codes, scales } = quantizeRows(values, columns, bits)
  const perRow = Math.ceil(columns / 32)
  return values.map((_, index) => {
    const row = Math.floor(index / columns)
    const place = row * perRow * 32 + (index % columns)
    const half = codes[place >> 1]!
    const code = bits === 8 ? codes[place]! - 128 : (place % 2 === 0 ? half & 15 : half >> 4) - 8
    return scales[Math.floor(place / 32)]! * code
  })
}

function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  return values.map((_, index) => values[(index % rows) * columns + Math.floor(index / rows)]!)
}
