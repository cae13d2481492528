import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type LoadModelOptions, loadModel } from '@saeval/lm-backend-onnx'
import { describe, expect, it } from 'vitest'
import { fixtureJson, fixturePath, temporaryFolder } from '../../../../tests/fixtures.js'

const hub = { env: { HF_HOME: fixturePath('hf-home'), HF_HUB_OFFLINE: '1', SAEVAL_CACHE: 'off' } }
const base = 'google/gemma-2-2b'
const adapter = fixturePath('golden/adapters/gemma-all-linear')
const [golden] = fixtureJson('golden/adapters/gemma-all-linear/golden.json').rows as {
  ids: number[]
  logprobs: number[]
}[]

async function score(options: LoadModelOptions) {
  const model = await loadModel({ device: 'cpu', hub, ...options })
  try {
    const predictions = golden!.ids.slice(1).map((token, position) => ({ position, token }))
    const [row] = await model.scoreTokens([{ ids: golden!.ids, predictions }])
    const off = Math.max(...golden!.logprobs.map((value, index) => Math.abs(value - row!.logprobs[index]!)))
    return { off, logprobs: row!.logprobs, fingerprint: await model.fingerprint(), info: model.info }
  } finally {
    await model.close()
  }
}

/** A folder with the model's files and the adapter's. */
function together(): string {
  const folder = temporaryFolder()
  const snapshots = fixturePath('hf-home/hub/models--google--gemma-2-2b/snapshots')
  cpSync(join(snapshots, readdirSync(snapshots)[0]!), folder, { recursive: true })
  cpSync(adapter, folder, { recursive: true })
  return folder
}

/** The adapter with other fields of its configuration. */
function changed(fields: object): string {
  const folder = temporaryFolder()
  cpSync(adapter, folder, { recursive: true })
  const path = join(folder, 'adapter_config.json')
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...fields }))
  return folder
}

describe('an adapter', () => {
  it('beside the weights, alone in a folder, and given by name is the same model, and another one than without', async () => {
    const given = await score({ model: base, adapter })
    expect(given.off).toBeLessThan(2e-3)
    const notices: string[] = []
    const beside = await score({ model: together(), notice: (line) => notices.push(String(line)) })
    expect(beside.logprobs).toEqual(given.logprobs)
    expect(notices).toEqual([expect.stringContaining('this adapter is merged into the weights beside it')])
    expect((await score({ model: adapter })).logprobs).toEqual(given.logprobs)
    const plain = await score({ model: base })
    expect(plain.off).toBeGreaterThan(1)
    expect(plain.fingerprint).not.toBe(given.fingerprint)
    expect(given.info.provenance).toMatchObject({ adapter: { name: adapter } })
    expect(plain.info.provenance).not.toHaveProperty('adapter')
  })

  it('is merged before the weights are rounded', async () => {
    const [rounded, plain] = [
      await score({ model: base, adapter, dtype: 'int8' }),
      await score({ model: base, dtype: 'int8' }),
    ]
    expect(rounded.off).toBeLessThan(1)
    expect(plain.off).toBeGreaterThan(1)
  })

  it('scales with alpha / r, and with alpha / sqrt(r) where use_rslora says so', async () => {
    // r = 4: alpha 6 / sqrt(4) = 12 / 4
    const same = await score({ model: base, adapter: changed({ use_rslora: false, lora_alpha: 12 }) })
    expect(same.off).toBeLessThan(2e-3)
    expect((await score({ model: base, adapter: changed({ use_rslora: false }) })).off).toBeGreaterThan(0.1)
  })

  it('of another model is told', async () => {
    const notices: string[] = []
    await score({
      model: base,
      adapter: changed({ base_model_name_or_path: 'a/b' }),
      notice: (line) => notices.push(String(line)),
    })
    expect(notices).toEqual([expect.stringContaining(`trained on a/b, and is merged into ${base}`)])
  })

  it.each<[string, () => Partial<LoadModelOptions>, RegExp]>([
    ['of another kind', () => ({ adapter: changed({ peft_type: 'IA3' }) }), /of the kind IA3; only LoRA/],
    [
      'with a field that changes it',
      () => ({ adapter: changed({ use_qalora: true }) }),
      /use_qalora is true, which changes/,
    ],
    ['with an unknown field', () => ({ adapter: changed({ use_newlora: { a: 1 } }) }), /use_newlora is \{"a":1\}/],
    [
      'that changes the base',
      () => ({ adapter: changed({ init_lora_weights: 'pissa' }) }),
      /init_lora_weights is "pissa"/,
    ],
    [
      'of another rank',
      () => ({ adapter: changed({ r: 8 }) }),
      /has shape \[[\d,]+\], the model needs \[[\d,]+\]; is it an adapter of another model \(google/,
    ],
    [
      'of another family',
      () => ({ adapter: fixturePath('golden/adapters/gpt2-dora') }),
      /has no place in this model; it was trained on openai/,
    ],
    [
      'beside another one',
      () => ({ model: together(), adapter }),
      /has an adapter of its own \(adapter_config.json\), so peft=/,
    ],
    [
      'without weights',
      () => {
        const folder = changed({})
        rmSync(join(folder, 'adapter_model.safetensors'))
        return { adapter: folder }
      },
      /has no adapter_model.safetensors/,
    ],
    ['that is not there', () => ({ adapter: temporaryFolder() }), /nor a folder with adapter_config.json/],
  ])('%s is refused', async (_, options, message) => {
    await expect(score({ model: base, ...options() })).rejects.toThrow(message)
  })

  it('without a base is refused', async () => {
    const folder = changed({ base_model_name_or_path: null })
    await expect(score({ model: folder })).rejects.toThrow(/names no base_model_name_or_path/)
  })
})
