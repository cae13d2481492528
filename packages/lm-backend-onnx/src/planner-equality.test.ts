import { seededUniform } from '@saeval/hub/internal/seeded-uniform'
import type { ScoringRow } from '@saeval/language-model'
import { type EditStage, type Intervention, type LatentReader, parsePositions } from '@saeval/sae-core'
import { describe, expect, it } from 'vitest'
import { daily } from '../../../tests/daily.js'
import { fixtureJson } from '../../../tests/fixtures.js'
import { testDevice } from '../../../tests/test-device.js'
import { tolerance } from '../../../tests/tolerances.js'
import { goldenModelNames, openGoldenModel } from './golden-models.testing.js'

/** Texts that share beginnings of all lengths, up to the longest the model takes, so that windows slide and paths are kept and left. */
function randomRows(seed: number, vocabulary: number, longest: number): ScoringRow[] {
  const uniform = seededUniform(seed)
  const below = (limit: number) => Math.floor(uniform() * limit)
  const texts: number[][] = [Array.from({ length: longest - 20 }, () => below(vocabulary))]
  while (texts.length < 30) {
    const parent = texts[below(texts.length)]!
    const cut = uniform() < 0.15 ? 0 : below(parent.length)
    const fresh = Array.from({ length: 1 + below(20) }, () => below(vocabulary))
    texts.push([...parent.slice(0, cut), ...fresh].slice(0, longest))
  }
  return texts.map((ids) => ({
    ids,
    promptLength: 1 + below(ids.length),
    predictions: [ids.length - 1, ...Array.from({ length: below(4) }, () => below(ids.length))].map((position) => ({
      position,
      token: below(vocabulary),
    })),
  }))
}

function largestDifference(
  a: readonly { logprobs: readonly number[] }[],
  b: readonly { logprobs: readonly number[] }[],
) {
  let most = 0
  a.forEach(({ logprobs }, row) => {
    logprobs.forEach((value, at) => {
      most = Math.max(most, Math.abs(value - b[row]!.logprobs[at]!))
    })
  })
  return most
}

// lavapipe takes its time
const sizes = testDevice === 'cpu' ? ([1, 2, 9, 'auto'] as const) : ([1, 9] as const)

describe.each(goldenModelNames)('%s', (name) => {
  const isQwen35 = name.startsWith('Qwen/Qwen3.5')

  it('gives the numbers of one request at a time, whatever the budget, steered or not', {
    ...daily(name),
    timeout: 600_000,
  }, async () => {
    const golden = fixtureJson(`golden/models/${name.replace('/', '--')}.json`)
    const vocabulary = golden.tokenizer_info.config_vocab_size as number
    const models = await Promise.all(sizes.map((size) => openGoldenModel(name, size)))
    const { hookPoints } = models[0]!
    const hookPoint = hookPoints.find((hook) => hook.endsWith('blocks.1.hook_resid_post'))!
    const { dims } = (await models[0]!.captureActivations([1, 2, 3], [hookPoint])).get(hookPoint)!
    const uniform = seededUniform(7)
    const vector = () => Float32Array.from({ length: dims[1] }, () => uniform() - 0.5)
    const slot = { latent: 0, encoder: vector(), bias: 0, threshold: 0, decoder: vector() }
    const reader: LatentReader = {
      readFrom: null,
      normalization: 'none',
      scalesOutput: false,
      whole: null,
      slots: [slot],
    }
    const positions = { include: parsePositions('last_prompt 1:4'), exclude: [] }
    const stage: EditStage = {
      addend: vector(),
      adds: [],
      readers: [reader],
      phases: [[{ slot: 0, gates: [{ slot: 0, above: 0 }], alpha: -1, beta: 3, positions: null }]],
      gatesRead: 'clean',
      saeReplacement: null,
    }
    const everywhere: Intervention = { hookPoint, stages: [stage] }
    // texts that share a beginning differ in where their prompts end
    const somewhere: Intervention = {
      hookPoint,
      stages: [{ ...stage, addend: null, adds: [{ vector: vector(), gates: [], positions }] }],
    }
    for (const [seed, edits] of [
      [1, []],
      [2, [everywhere]],
      [3, [somewhere]],
    ] as const) {
      const rows = randomRows(seed, vocabulary, Math.min(128, models[0]!.info.maxLength))
      const alone = []
      const single = models[0]!.steer(edits)
      for (const row of rows) alone.push(...(await single.scoreTokens([row])))
      for (const [index, model] of models.entries()) {
        const view = model.steer(edits)
        const together = await view.scoreTokens(rows)
        const tokens = view.report().tokens!
        // where layers carry a state, only texts that begin another one are saved
        expect(tokens.computed).toBeLessThanOrEqual((isQwen35 ? 1 : 0.95) * tokens.requested)
        const difference = largestDifference(together, alone)
        if (process.env.SAEVAL_DEVIATIONS) console.log(name, 'planned against alone', index, difference)
        expect(difference).toBeLessThanOrEqual(
          isQwen35 && testDevice !== 'cpu' ? tolerance.plannedQwen35OnDevice : tolerance.planned,
        )
      }
    }
  })
})
