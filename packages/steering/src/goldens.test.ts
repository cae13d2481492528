import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadModel, type OnnxModel } from '@saeval/lm-backend-onnx'
import { lowerEdits, releases, type Semantics } from '@saeval/sae-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { casesHere, fixtureJson, fixturePath, hasFixture, temporaryFolder } from '../../../tests/fixtures.js'
import { readGoldenIntegers, readGoldenTensors } from '../../../tests/golden-tensors.js'
import { tolerance } from '../../../tests/tolerances.js'
import { closeEdits, openEdits } from './edits/open-edits.js'
import { readSteeringFile } from './edits/read-steering-file.js'
import { findTies, withTies } from './tied-latents.testing.js'

interface Scenario {
  name: string
  semantics: Semantics
  csv: string | null
  greedy: number[][]
  greedy_text: string[]
  rows: { release: string; alpha: number }[]
  greedy_min_gap: number[]
}

const models = readdirSync(fixturePath('golden/steered'))
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.slice(0, -5))
const hub = { HF_HOME: fixturePath('hf-home'), HF_HUB_OFFLINE: '1' }
const before = { ...process.env }
beforeAll(() => Object.assign(process.env, hub))
afterAll(() => {
  for (const name of Object.keys(hub)) {
    if (before[name] === undefined) delete process.env[name]
    else process.env[name] = before[name]
  }
})

function difference(actual: ArrayLike<number>, golden: ArrayLike<number>): number {
  let most = 0
  for (let i = 0; i < golden.length; i++) {
    const distance = Math.abs(actual[i]! - golden[i]!)
    most = Math.max(most, distance)
  }
  return most
}

describe.each(models)('steered %s', (name) => {
  const golden = fixtureJson(`golden/steered/${name}.json`) as {
    model: string
    prompts: { text: string; input_ids: number[] }[]
    scenarios: Scenario[]
  }
  const tensors = readGoldenTensors(`golden/steered/${name}.safetensors`)
  const sampled = readGoldenIntegers(`golden/steered/${name}.safetensors`, 'vocab_sample')
  let model: OnnxModel
  beforeAll(async () => {
    model = await loadModel({ model: golden.model, device: 'cpu' })
  })
  afterAll(() => model.close())

  const pathOf = ({ release }: { release: string }) =>
    `hf-home/hub/models--${releases().get(release)!.repository.replace('/', '--')}`
  const scenarios = casesHere(
    golden.scenarios.filter(({ csv }) => csv !== null),
    ({ rows }) => rows.map(pathOf).find((path) => !hasFixture(path)) ?? 'hf-home',
  )

  it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
    '%s',
    async (_, { name: scenario, semantics, csv, greedy, greedy_min_gap: gaps, rows: goldenRows }) => {
      const path = join(temporaryFolder(), 'steer.csv')
      writeFileSync(path, csv!)
      const rows = await openEdits(await readSteeringFile(path), {
        baseName: golden.model,
        allowOtherModel: true,
        semantics,
        hub: {},
      })
      const interventions = await lowerEdits(
        rows.map(({ edit }) => edit),
        { semantics },
      )
      const isLarge = semantics !== 'direct' && goldenRows.some(({ alpha }) => Math.abs(alpha) >= 100)
      const isAdd = /^direct_(two_)?adds?/.test(scenario)
      const allowed = isLarge ? tolerance.steeredReplacement : isAdd ? tolerance.steeredAdd : tolerance.steered
      const prompts = golden.prompts.map(({ input_ids: ids }) => ids)
      const logprobs = tensors.get(`${scenario}.token_logprobs`)!
      const lastLogits = tensors.get(`${scenario}.last_logits`)!
      // of large vocabularies the golden holds a sample
      const columns = lastLogits.length / prompts.length
      const sample = sampled.length === columns ? sampled : null
      const deviation = async (steered: OnnxModel) => {
        const scored = await steered.scoreTokens(
          prompts.map((ids) => ({ ids, predictions: ids.slice(1).map((token, position) => ({ position, token })) })),
        )
        let largest = 0
        for (const [index, ids] of prompts.entries()) {
          const width = ids.length - 1
          largest = Math.max(
            largest,
            difference(scored[index]!.logprobs, logprobs.subarray(index * width, (index + 1) * width)),
          )
          const [logits] = await model.lastLogits(ids, [steered.interventions])
          const shown = sample ? sample.map((token) => logits![token]!) : logits!
          largest = Math.max(largest, difference(shown, lastLogits.subarray(index * columns, (index + 1) * columns)))
        }
        return largest
      }
      let steered = model.steer(interventions)
      let largest = await deviation(steered)
      // where a pre-activation equals its threshold to the last bit, rounding decides in both programs: either side is right
      const ties = largest <= allowed ? [] : await findTies(model, interventions, prompts)
      for (const side of ties.length > 0 ? (['silent', 'active'] as const) : []) {
        if (largest <= allowed) break
        steered = model.steer(withTies(interventions, ties, side))
        largest = await deviation(steered)
      }
      if (process.env.SAEVAL_DEVIATIONS) console.log(golden.model, scenario, largest, ties)
      expect(largest).toBeLessThanOrEqual(allowed)
      // greedy continuation: each golden step's token is the most likely one after the steps before
      const steps = prompts.map((ids, index) => ({
        ids: [...ids, ...greedy[index]!],
        predictions: greedy[index]!.map((token, step) => ({ position: ids.length - 1 + step, token })),
      }))
      for (const [index, { greedy: isGreedy }] of (await steered.scoreTokens(steps)).entries()) {
        // where two logits are as good as equal, either continuation is right
        if (gaps[index]! > 1e-3) expect(isGreedy.every(Boolean)).toBe(true)
      }
      await closeEdits(rows)
    },
  )
})
