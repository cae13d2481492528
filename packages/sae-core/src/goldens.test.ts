import { readdirSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { fixtureJson, fixturePath, hasFixture } from '../../../tests/fixtures.js'
import { readGoldenTensors } from '../../../tests/golden-tensors.js'
import { tolerance } from '../../../tests/tolerances.js'
import {
  applyIntervention,
  decode,
  encode,
  errorTerm,
  findSae,
  lowerEdits,
  openSae,
  preActivations,
  type SaeFile,
  type SteeringEdit,
} from './index.js'

const env = { HF_HOME: fixturePath('hf-home'), HF_HUB_OFFLINE: '1' }
const loaders = ['sae_lens', 'gemma_2']
const architectures = ['standard', 'jumprelu']

function goldenNames(folder: string): string[] {
  return readdirSync(fixturePath(folder))
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -5))
    .sort()
}

/** The golden's own SAE; the stand-ins outside SAELens' registry are opened by repository. */
async function openGolden(golden: {
  release: string
  sae_id: string
  repo_id?: string
  path?: string
}): Promise<SaeFile> {
  return openSae(findSae(golden.release, golden.sae_id), { env })
}

function expectClose(actual: Float32Array, golden: Float32Array, what: string): void {
  expect(actual.length, what).toBe(golden.length)
  const largest = golden.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const { relative, absolute } = tolerance.sae
  golden.forEach((value, index) => {
    const allowed = relative * Math.abs(value) + absolute * largest
    if (!(Math.abs(actual[index]! - value) <= allowed))
      expect.fail(`${what}[${index}]: ${actual[index]} instead of ${value}`)
  })
}

const opened: SaeFile[] = []
afterAll(async () => {
  await Promise.all(opened.map((sae) => sae.close()))
})

const saes = goldenNames('golden/saes')
  .map((name) => ({ name, golden: fixtureJson(`golden/saes/${name}.json`) }))
  .filter(({ golden }) => loaders.includes(golden.loader) && architectures.includes(golden.architecture))
  .filter(({ golden }) => hasFixture(`hf-home/hub/models--${golden.repo_id.replace('/', '--')}`))

describe.each(saes)('SAE $name', ({ name, golden }) => {
  it('loads, encodes and decodes as SAELens does', async () => {
    const sae = await openGolden(golden)
    opened.push(sae)
    const tensors = readGoldenTensors(`golden/saes/${name}.safetensors`)
    expect(sae.config).toMatchObject({
      architecture: golden.architecture,
      dIn: golden.d_in,
      dSae: golden.d_sae,
      hookPoint: golden.hook_name,
      applyBDecToInput: golden.apply_b_dec_to_input,
      modelName: golden.model_name,
      reshapeHookZ: golden.reshape_activations === 'hook_z',
    })
    const loaded = await sae.load()
    const stored = {
      W_enc: loaded.wEnc,
      W_dec: loaded.wDec,
      b_enc: loaded.bEnc,
      b_dec: loaded.bDec,
      threshold: loaded.threshold,
    }
    for (const [key, values] of Object.entries(stored)) {
      const expected = tensors.get(`state.${key}`)
      if (expected)
        expect(maxRelative(values!, expected), key).toBeLessThanOrEqual(
          golden.norm_scaling_folded || golden.path.startsWith('embedding') ? 1e-6 : 0,
        )
    }
    const x = tensors.get('x')!
    const whole = { config: { ...sae.config, centreInput: false }, tensors: loaded }
    const acts = encode(whole, x)
    const expected = tensors.get('acts')!
    expect(acts.map((value) => (value > 0 ? 1 : 0))).toEqual(expected.map((value) => (value > 0 ? 1 : 0)))
    expectClose(preActivations(whole, x), tensors.get('acts_pre')!, 'acts_pre')
    expectClose(acts, expected, 'acts')
    const decoded = decode(whole, acts, x)
    expectClose(decoded, tensors.get('decoded')!, 'decoded')
    const error = errorTerm(whole, x)
    expectClose(
      decoded.map((value, index) => value + error[index]!),
      tensors.get('forward_error_term')!,
      'forward_error_term',
    )
  })

  it('reads single rows and columns equal to the whole', async () => {
    const sae = await openGolden(golden)
    opened.push(sae)
    const { wDec, wEnc } = await sae.load()
    const { dIn, dSae } = sae.config
    const latent = dSae - 3
    expect(await sae.decoderRow(latent)).toEqual(wDec.slice(latent * dIn, (latent + 1) * dIn))
    expect((await sae.encoderColumns([0, latent]))[1]).toEqual(
      Float32Array.from({ length: dIn }, (_, row) => wEnc[row * dSae + latent]!),
    )
    await expect(sae.decoderRow(dSae)).rejects.toThrow(`latents 0 to ${dSae - 1}`)
  })
})

function maxRelative(actual: Float32Array, expected: Float32Array): number {
  return actual.reduce(
    (most, value, index) =>
      Math.max(most, Math.abs(value - expected[index]!) / Math.max(Math.abs(expected[index]!), 1e-30)),
    0,
  )
}

interface GoldenRow {
  action: SteeringEdit['action'] | 'rows'
  latent?: number
  alpha?: number
  factor?: number
  threshold?: number
  gate_latent?: number
  set_latent?: number
  bias?: string | null
  rows?: GoldenRow[]
  semantics?: string
  key?: string
}

function edit(sae: SaeFile, row: GoldenRow): SteeringEdit {
  return {
    sae,
    action: row.action as SteeringEdit['action'],
    latent: row.latent ?? row.gate_latent!,
    coefficient: row.alpha ?? row.factor ?? 0,
    ...(row.threshold === undefined ? {} : { threshold: row.threshold }),
    ...(row.set_latent === undefined ? {} : { setLatent: row.set_latent }),
    ...(row.bias === 'b_dec' ? { fromDecoderBias: true } : {}),
  }
}

const steering = goldenNames('golden/steering')
  .map((name) => ({ name, golden: fixtureJson(`golden/steering/${name}.json`) }))
  .filter(({ golden }) => architectures.includes(golden.architecture))

describe.each(steering)('edits on $name', ({ name, golden }) => {
  const tensors = readGoldenTensors(`golden/steering/${name}.safetensors`)
  const cases = (golden.cases as GoldenRow[]).filter((item) => item.semantics === 'direct')

  it.each(cases)('$key', async (row) => {
    const sae = await openGolden(golden).catch((error: Error) => {
      if (error.message.includes('not supported yet')) return null
      throw error
    })
    if (sae === null) return
    opened.push(sae)
    const centred = { ...sae, config: { ...sae.config, centreInput: false } }
    const [intervention] = await lowerEdits((row.rows ?? [row]).map((item) => edit(centred, item)))
    expectClose(applyIntervention(tensors.get('x')!, intervention!, sae.config.dIn), tensors.get(row.key!)!, row.key!)
  })
})
