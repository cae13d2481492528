import { generateUntil } from '@saeval/language-model'
import { loadModel, type OnnxModel } from '@saeval/lm-backend-onnx'
import { type EditAction, findSae, lowerEdits, openSae, type SaeFile, type SteeringEdit } from '@saeval/sae-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fixtureJson, hfHomeOf } from '../../../../tests/fixtures.js'
import { testDevice } from '../../../../tests/test-device.js'
import { tolerance } from '../../../../tests/tolerances.js'

interface GoldenRow {
  readonly id: string
  readonly latent: number
  readonly action: EditAction
  readonly coefficient: number
  readonly threshold?: number
}

interface GoldenCase {
  readonly release: string
  readonly rows: readonly GoldenRow[]
  readonly logits: readonly number[]
  readonly text: string
  readonly new_tokens: number
}

interface Golden {
  readonly ids: number[]
  readonly prompt: string
  readonly cases: readonly GoldenCase[]
}

const goldens = ['circuit-tracer', 'crosscoder'].map((name) => fixtureJson(`golden/${name}.json`) as Golden)
const hub = { env: { HF_HOME: hfHomeOf('fixture/gpt2'), HF_HUB_OFFLINE: '1' } }

let model: OnnxModel
const opened: SaeFile[] = []
beforeAll(async () => {
  model = await loadModel({ model: 'fixture/gpt2', device: testDevice, batchSize: 8, hub })
})
afterAll(async () => {
  await Promise.all(opened.map((sae) => sae.close()))
  await model.close()
})

async function openRow(release: string, id: string): Promise<SaeFile> {
  const sae = await openSae(findSae(release, id), hub)
  opened.push(sae)
  return sae
}

async function editsOf({ release, rows }: GoldenCase): Promise<SteeringEdit[]> {
  const edits: SteeringEdit[] = []
  for (const { id, ...row } of rows) edits.push({ sae: await openRow(release, id), ...row })
  return edits
}

const titled = goldens.flatMap((golden) =>
  golden.cases.map((item) => {
    const rows = item.rows.map(({ id, action }) => `${action} ${id}`).join(', ')
    return [`${item.release} ${rows}`, golden, item] as const
  }),
)

describe('latents that are written to several layers or read from them', () => {
  it.each(titled)('steer as the reference: %s', async (_, golden, item) => {
    const interventions = await lowerEdits(await editsOf(item))
    const [plain, steered] = await model.lastLogits(golden.ids, [[], interventions])
    const off = (logits: Float32Array) => Math.max(...item.logits.map((value, i) => Math.abs(value - logits[i]!)))
    expect(off(steered!)).toBeLessThanOrEqual(tolerance.steeredAdd)
    expect(off(plain!)).toBeGreaterThan(0.04)
    if (item.new_tokens === 0) return
    const request = { context: golden.prompt, until: [], maxGenToks: item.new_tokens, doSample: false, temperature: 0 }
    expect(await generateUntil(model.steer(interventions), [request])).toEqual([item.text])
  })

  it('of a cross-layer transcoder change every later layer, and are counted once', async () => {
    const sae = await openRow('fixture/clt-gpt2', '1')
    const places = [1, 2, 3].map((layer) => `blocks.${layer}.hook_mlp_out`)
    expect([sae, ...sae.laterLayers].map(({ config }) => config.hookPointOut)).toEqual(places)
    const interventions = await lowerEdits([{ sae, latent: 2, action: 'scale', coefficient: 2 }])
    expect(interventions.map(({ hookPoint }) => hookPoint)).toEqual(places)
    const counted = interventions.map(({ stages }) => stages[0]!.phases.flat().map(({ edit }) => edit))
    expect(counted).toEqual([[0], [undefined], [undefined]])
    // the rows that are written differ
    const rows = await Promise.all([sae, ...sae.laterLayers].map((layer) => layer.decoderRow(2)))
    expect(new Set(rows.map((row) => row[0])).size).toBe(3)
    expect((await sae.laterLayers[1]!.load()).wDec.subarray(2 * 48, 3 * 48)).toEqual(rows[2])
  })

  it('of a cross-layer transcoder refuse what has no meaning', async () => {
    const sae = await openRow('fixture/clt-gpt2', 'layer_1')
    const edit = { sae, latent: 2, action: 'clamp', coefficient: 2 } as const
    await expect(lowerEdits([edit], { semantics: 'fork' })).rejects.toThrow(
      /semantics=fork has no meaning for .*, whose latents write to several layers/,
    )
    await expect(lowerEdits([{ ...edit, action: 'project_clamp' }])).rejects.toThrow(/project_clamp has no meaning/)
  })
})
