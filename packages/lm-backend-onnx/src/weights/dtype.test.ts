import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LoadModelOptions, OnnxModel } from '@saeval/lm-backend-onnx'
import { afterAll, describe, expect, it } from 'vitest'
import { fixturePath, gpt2, modelFolder, needsModel, temporaryFolder } from '../../../../tests/fixtures.js'

// built, because it starts a worker
const { loadModelPacked } = (await import(
  new URL('../../dist/model/load-model.js', import.meta.url).href
)) as typeof import('../model/load-model.js')

const hub = { env: { HF_HOME: fixturePath('hf-home'), HF_HUB_OFFLINE: '1' } }
const all = Number.MAX_SAFE_INTEGER
const none = 0

const opened: OnnxModel[] = []
afterAll(() => Promise.all(opened.map((model) => model.close())))
async function load(options: LoadModelOptions, packUpTo: number): Promise<OnnxModel> {
  const model = await loadModelPacked({ device: 'cpu', hub, ...options }, packUpTo)
  opened.push(model)
  return model
}

/** Next-token log-probabilities over a text. */
async function logprobs(model: OnnxModel, ids: readonly number[]): Promise<readonly number[]> {
  const predictions = ids.slice(1).map((token, position) => ({ position, token }))
  return (await model.scoreTokens([{ ids, predictions }]))[0]!.logprobs
}

const ids = [5, 17, 300, 42, 7, 7, 250, 11, 90, 3, 128, 64]
const repositories = [
  gpt2,
  'google/gemma-2-2b',
  'google/gemma-3-4b-pt',
  'EleutherAI/pythia-70m-deduped',
  'Qwen/Qwen3-30B-A3B-Base',
  'Qwen/Qwen3.5-2B-Base',
  'openai/gpt-oss-20b',
]

describe('mapped files compute the same as packed copies', () => {
  for (const model of repositories)
    it(model, needsModel(model), async () => {
      const packed = await logprobs(await load({ model }, all), ids)
      const mapped = await logprobs(await load({ model }, none), ids)
      expect(packed.every((value) => value < 0)).toBe(true)
      for (const [index, value] of mapped.entries()) expect(Math.abs(value - packed[index]!)).toBeLessThan(2e-5)
    })
})

describe.each([
  ['bfloat16', all],
  ['bfloat16', none],
  ['float16', all],
  ['float16', none],
] as const)('dtype %s, packed up to %d', (dtype, packUpTo) => {
  it('computes with weights rounded as torch rounds them', async () => {
    const model = gpt2
    const rounded = await load({ model, dtype }, packUpTo)
    expect(rounded.info.dtype).toBe(`torch.${dtype}`)
    const byHand = await load({ model: roundedCopy(dtype) }, packUpTo)
    expect(byHand.info.dtype).toBe('torch.float32')
    const numbers = await logprobs(rounded, ids)
    expect(numbers).toEqual(await logprobs(byHand, ids))
    expect(numbers).not.toEqual(await logprobs(await load({ model }, packUpTo), ids))
  })
})

describe('dtype auto', () => {
  it('is what config.json says, and changes no number of a checkpoint stored so', async () => {
    const model = 'google/gemma-2-2b'
    const auto = await load({ model, dtype: 'auto' }, none)
    expect(auto.info.dtype).toBe('torch.bfloat16')
    expect(await logprobs(auto, ids)).toEqual(await logprobs(await load({ model }, none), ids))
  })

  it('is the dtype of the weights where config.json says nothing', async () => {
    expect(JSON.parse(readFileSync(join(modelFolder(gpt2), 'config.json'), 'utf8')).torch_dtype).toBeUndefined()
    expect((await load({ model: gpt2, dtype: 'auto' }, all)).info.dtype).toBe('torch.float32')
  })

  it('refuses what it cannot hold', async () => {
    const folder = gpt2Copy()
    const config = { ...JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')), torch_dtype: 'float64' }
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
    await expect(load({ model: folder, dtype: 'auto' }, all)).rejects.toThrow(/config\.json: dtype=auto .*"float64"/)
  })
})

function gpt2Copy(): string {
  const folder = temporaryFolder()
  cpSync(modelFolder(gpt2), folder, { recursive: true, dereference: true })
  return folder
}

/** GPT-2's stand-in with every weight rounded and stored in float32. */
function roundedCopy(dtype: 'float16' | 'bfloat16'): string {
  const folder = gpt2Copy()
  const path = join(folder, 'model.safetensors')
  const bytes = readFileSync(path)
  const start = 8 + Number(bytes.readBigUInt64LE(0))
  for (let at = start; at < bytes.length; at += 4) bytes.writeFloatLE(round(bytes.readFloatLE(at), dtype), at)
  writeFileSync(path, bytes)
  return folder
}

/** To the nearest number of the type, ties to even; the weights here are far from its largest numbers. */
function round(value: number, dtype: 'float16' | 'bfloat16'): number {
  if (value === 0) return value
  const exponent = Math.floor(Math.log2(Math.abs(value)))
  const unit = dtype === 'float16' ? 2 ** Math.max(exponent - 10, -24) : 2 ** (exponent - 7)
  const steps = value / unit
  const down = Math.floor(steps)
  const rest = steps - down
  const up = rest > 0.5 || (rest === 0.5 && down % 2 !== 0)
  return (down + (up ? 1 : 0)) * unit
}
