import { readdirSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { fixtureJson, fixturePath } from '../../../../tests/fixtures.js'
import { readGoldenTensors } from '../../../../tests/golden-tensors.js'
import { tolerance } from '../../../../tests/tolerances.js'
import { applyIntervention, findSae, lowerEdits, openSae, type SaeFile, type SteeringEdit } from '../index.js'

const env = { HF_HOME: fixturePath('hf-home'), HF_HUB_OFFLINE: '1' }
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
