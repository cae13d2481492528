import { join } from 'node:path'
import { type GenerateUntilRequest, generateUntil, type Work } from '@saeval/language-model'
import { loadModel, type OnnxModel } from '@saeval/lm-backend-onnx'
import { addStage, type Intervention, lowerEdits, parsePositions, type SteeringEdit } from '@saeval/sae-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demoFolder } from '../../../../tests/fixtures.js'
import { randomSae } from '../../../../tests/random-sae.js'
import { testDevice } from '../../../../tests/test-device.js'
import { ActedCounter } from '../forward/acted-counter.js'
import { SettingsBeside } from './settings-beside.js'

const hookPoint = 'blocks.2.hook_resid_post'
let model: OnnxModel
beforeAll(async () => {
  model = await loadModel({ model: join(demoFolder, 'model'), device: testDevice, batchSize: 'auto' })
})
afterAll(() => model.close())

const request = (context: string, maxGenToks: number, sampled = false): GenerateUntilRequest => ({
  ...{ type: 'generate_until', context, maxGenToks, until: [' bird'], doSample: sampled },
  ...{ temperature: sampled ? 1 : 0, settings: sampled ? { top_k: 8 } : {} },
})
const preamble = 'The dog ate a bone near the house. A cat sat on the old tree by the river and saw a bird. '.repeat(2)
const prompts = [
  request('The dog', 0),
  request('The dog', 12),
  request('A cat sat on', 20),
  request(`${preamble}The man`, 9),
  request(`${preamble}The woman was`, 12),
  request('Long ago', 15, true),
]
const adding = (size: number): Intervention[] => [
  {
    hookPoint,
    stages: [addStage(Float32Array.from({ length: model.widthOf(hookPoint) }, (_, at) => size * Math.sin(at)))],
  },
]

/** Settings of other kinds, at other hook points, at chosen positions; the unsteered one first. */
async function settingsOfAllKinds(): Promise<Intervention[][]> {
  const sae = randomSae(5, { architecture: 'standard', dIn: model.widthOf(hookPoint), hookPoint })
  const lower = (...edits: Omit<SteeringEdit, 'sae'>[]) => lowerEdits(edits.map((edit) => ({ ...edit, sae })))
  const last = { include: parsePositions('last_prompt'), exclude: [] }
  return [
    [],
    adding(2),
    adding(-3),
    await lower({ action: 'clamp', latent: 3, coefficient: 40 }),
    await lower({ action: 'clamp_active', latent: 5, coefficient: -30 }, { action: 'add', latent: 7, coefficient: 9 }),
    await lower({ action: 'add', latent: 9, coefficient: 30, positions: last }),
    [
      {
        hookPoint: 'blocks.1.attn.hook_z',
        stages: [addStage(new Float32Array(model.widthOf('blocks.1.attn.hook_z')).fill(0.5))],
      },
    ],
    [
      {
        hookPoint,
        stages: [
          {
            ...addStage(new Float32Array(model.widthOf(hookPoint)).fill(0.1)),
            drops: { positions: last },
            keepsNorm: true,
          },
        ],
      },
    ],
  ]
}

/** Texts, and what is counted, of settings that are asked one after the other. */
async function ask(base: OnnxModel, settings: readonly Intervention[][], requests = prompts, seed = 1) {
  const found = []
  for (const interventions of settings) {
    const view = base.steer(interventions)
    const done: number[] = []
    const works: Work[] = []
    const texts = await generateUntil(view, requests, {
      seed,
      onProgress: (count) => done.push(count),
      onWork: (work) => works.push(work),
    })
    expect(done.at(-1)).toBe(requests.length)
    expect(works.at(-1)!.done).toBe(works.at(-1)!.total)
    found.push({ texts, tokens: view.report().tokens, acted: view.actedTokens })
  }
  return found
}

describe('settings that write side by side', () => {
  it('write what each writes alone, and count it', async () => {
    const settings = await settingsOfAllKinds()
    const expected = await ask(model, settings)
    expect(await ask(model.writeBeside(settings), settings)).toEqual(expected)
    // the settings differ, and some are counted
    expect(new Set(expected.map(({ texts }) => JSON.stringify(texts))).size).toBe(settings.length)
    expect(expected.filter(({ acted }) => [...acted.values()].some((tokens) => tokens > 0)).length).toBeGreaterThan(2)
  })

  it('draw by the seed that they are asked with', async () => {
    const settings = [[], adding(1), adding(2)]
    const sampled = [request('The dog', 12, true), request('A cat', 12, true)]
    const together = model.writeBeside(settings)
    for (const seed of [3, 4])
      expect(await ask(together, settings, sampled, seed)).toEqual(await ask(model, settings, sampled, seed))
  })

  it('are written when the first of them is asked, and only then', async () => {
    const settings = [[], adding(1), adding(2)]
    const together = model.writeBeside(settings)
    const steps: number[][] = []
    for (const interventions of settings) {
      const seen: number[] = []
      await generateUntil(together.steer(interventions), [request('The dog', 8)], {
        onTokens: ({ newIds }) => seen.push(newIds.length),
      })
      steps.push(seen)
    }
    // what was kept comes whole
    expect(steps[0]!.length).toBeGreaterThan(3)
    expect(steps.slice(1).map(({ length }) => length)).toEqual([1, 1])
  })

  it('are written for those only that whoever asks allows at that time', async () => {
    const settings = [[], adding(1), adding(2), adding(3)]
    let allowed = [2]
    const asked: number[] = []
    const together = model.writeBeside(settings, () => {
      const now = allowed
      return (setting) => {
        asked.push(setting)
        return now.includes(setting)
      }
    })
    const steps = async (context: string) => {
      const counts = settings.map(() => 0)
      for (const [index, interventions] of settings.entries())
        await generateUntil(together.steer(interventions), [request(context, 8)], { onTokens: () => counts[index]!++ })
      return counts.map((count) => count > 1)
    }
    expect(await steps('The dog')).toEqual([true, true, false, true])
    // what is written already is not asked for again
    expect(asked).toEqual([1, 2, 3, 3])
    allowed = []
    expect(await steps('A cat')).toEqual([true, true, true, true])
  })

  it('are so many as there is room for the edits of all in each row', async () => {
    const at = (layer: number, size: number): Intervention[] => [
      { hookPoint: `blocks.${layer}.hook_resid_post`, stages: adding(size)[0]!.stages },
    ]
    const width = model.widthOf(hookPoint)
    const beside = async (settings: Intervention[][], rows: number) => {
      const room = { weights: 1e9, room: { caches: 4 * 4 * 4 * rows * width } }
      let count = 0
      const asked = { interventions: settings[0]!, counter: new ActedCounter(), tokens: { requested: 0, computed: 0 } }
      const texts = { texts: 'some', count: 1, rows: 32 }
      await new SettingsBeside(settings, room).write({ ...asked, texts: [] }, texts, async ({ length }) => {
        count = length
      })
      return count
    }
    const same = [1, 2, 3, 4].map((size) => at(1, size))
    const apart = [0, 1, 2, 3].map((layer) => at(layer, 1))
    expect([await beside(same, 4), await beside(same, 3)]).toEqual([4, 3])
    // each row has room for the edit of every layer
    expect([await beside(apart, 16), await beside(apart, 9), await beside(apart, 8)]).toEqual([4, 3, 2])
  })

  it('are alone where one of them cannot be written, which says so itself', async () => {
    const settings = [[], adding(1e38), adding(1)]
    const together = model.writeBeside(settings)
    const write = (interventions: Intervention[]) =>
      generateUntil(together.steer(interventions), [request('The dog', 6)])
    const [expected] = await ask(model, [settings[2]!], [request('The dog', 6)])
    await write(settings[0]!)
    await expect(write(settings[1]!)).rejects.toThrow('overflow float32')
    expect(await write(settings[2]!)).toEqual(expected!.texts)
  })

  it('end with the one that is broken off', async () => {
    const settings = [[], adding(1)]
    const together = model.writeBeside(settings)
    const broken = new AbortController()
    const run = generateUntil(together, [request('The dog', 20)], {
      signal: broken.signal,
      onTokens: ({ newIds }) => {
        if (newIds.length === 3) broken.abort(new Error('enough'))
      },
    })
    await expect(run).rejects.toThrow('enough')
    expect(await ask(together, settings)).toEqual(await ask(model, settings))
  })
})
