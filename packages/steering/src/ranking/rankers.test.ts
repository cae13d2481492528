import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadModel, type OnnxModel } from '@saeval/lm-backend-onnx'
import { findSae, openSae, type Sae, type SaeFile } from '@saeval/sae-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demoFolder, repository } from '../../../../tests/fixtures.js'
import { amplifyLatents } from './amplify-latents.js'
import { percentile, rankByPercentile, rankByThreshold } from './forget-retain.js'
import { ActivityCounter } from './latent-activity.js'
import { CorrelationCounter, maxPooled } from './outcome-correlation.js'
import { outputScore, topTokens } from './output-score.js'
import { readLatents } from './read-latents.js'
import { tokenConfidence } from './token-confidence.js'

type ByLatent = Readonly<Record<string, number>>

/** By tools/goldens/rankers.py. */
const golden = JSON.parse(readFileSync(join(repository, 'fixtures/golden/rankers.json'), 'utf8')) as {
  prompt: string
  latents: number[]
  lens_tokens: number[][]
  lens_logits: number[][]
  output_score: number[]
  confidence_change: number[]
  forget: string[]
  retain: string[]
  outcomes: number[]
  forget_sparsity: ByLatent
  retain_sparsity: ByLatent
  correlation: ByLatent
  mean_of_good: ByLatent
}

let model: OnnxModel
let file: SaeFile
let sae: Sae

beforeAll(async () => {
  model = await loadModel({ model: join(demoFolder, 'model'), device: 'cpu' })
  file = await openSae(findSae(join(demoFolder, 'saes'), 'layer_3'))
  sae = { config: file.config, tensors: await file.load() }
})
afterAll(async () => {
  await file.close()
  await model.close()
})

function expectByLatent(found: Float64Array, wanted: ByLatent, digits: number): void {
  for (const [latent, value] of found.entries()) expect(value).toBeCloseTo(wanted[latent] ?? 0, digits)
}

describe('against torch on the demo model', () => {
  it('logit lens, output score and change of confidence', async () => {
    const found = await amplifyLatents(model, file, sae.tensors, golden.latents, golden.prompt)
    expect(found.map(({ raises }) => raises)).toEqual(golden.lens_tokens)
    const rows = await Promise.all(golden.latents.map((latent) => file.decoderRow(latent)))
    const lenses = await Promise.all(rows.map(async (row) => (await model.unembed(row))[0]!))
    for (const [index, lens] of lenses.entries())
      for (const [at, logit] of golden.lens_logits[index]!.entries())
        expect(lens[golden.lens_tokens[index]![at]!]).toBeCloseTo(logit, 3)
    for (const [index, { outputScore, confidenceChange }] of found.entries()) {
      expect(outputScore!).toBeCloseTo(golden.output_score[index]!, 4)
      expect(confidenceChange!).toBeCloseTo(golden.confidence_change[index]!, 3)
    }
  })

  it('sparsities of two sets of texts, and correlation with outcomes', async () => {
    const counters = [new ActivityCounter(512), new ActivityCounter(512)] as const
    const correlation = new CorrelationCounter(512)
    for (const [index, text] of [...golden.forget, ...golden.retain].entries()) {
      const f = await readLatents(model, sae, model.tokenizer.encode(text))
      for (let at = 0; at < f.length; at += 512) counters[index < 2 ? 0 : 1].add(f.subarray(at, at + 512))
      correlation.add(maxPooled(f, 512), golden.outcomes[index]!)
    }
    expectByLatent(counters[0].activity.sparsity, golden.forget_sparsity, 9)
    expectByLatent(counters[1].activity.sparsity, golden.retain_sparsity, 9)
    expectByLatent(correlation.result.correlation, golden.correlation, 3)
    expectByLatent(correlation.result.coefficient, golden.mean_of_good, 3)
  })

  it('refuses numbers that are no whole vectors', async () => {
    await expect(model.unembed(new Float32Array(5))).rejects.toThrow('unembed takes vectors of 128 numbers')
    expect(await model.unembed(new Float32Array(0))).toEqual([])
  })
})

describe('by hand', () => {
  it('CorrSteer coefficients are means over good texts', () => {
    const counter = new CorrelationCounter(2)
    counter.add(Float32Array.of(4, 1), 1)
    counter.add(Float32Array.of(2, 1), 1)
    counter.add(Float32Array.of(0, 1), 0)
    const { correlation, coefficient } = counter.result
    expect([...coefficient]).toEqual([3, 1])
    // cov = 2 / 3, sd of z = sqrt(8 / 3), of y = sqrt(2 / 9)
    expect(correlation[0]).toBeCloseTo(2 / 3 / Math.sqrt((8 / 3) * (2 / 9)), 12)
    expect(correlation[1]).toBe(0)
  })

  it('latents rare on kept texts come by their sparsity on the others', () => {
    const sparsities = {
      forget: Float64Array.of(0.5, 0.2, 0, 0.3, 0.9),
      retain: Float64Array.of(0.001, 0, 0, 0.02, 0.5),
    }
    expect(rankByThreshold(sparsities, 0.01)).toEqual([0, 1])
    expect(rankByThreshold(sparsities, 0.05)).toEqual([0, 3, 1])
    // ratios of squares: 250000, 4e19, 0, 225, 3.24; those at or above the median and forgotten at or above theirs
    expect(rankByPercentile(sparsities, { forget: 50, retain: 100, ratio: 50 })).toEqual([0, 3])
    expect(percentile(Float64Array.of(4, 1, 3, 2), 50)).toBe(2.5)
  })

  it('output score: the best rank and the largest probability', () => {
    const logits = Float32Array.from([1, 3, 2, 0].map(Math.log1p))
    // probabilities 2/10, 4/10, 3/10, 1/10; of tokens 0 and 3 the best rank is 2
    expect(outputScore(logits, [0, 3])).toBeCloseTo((1 - 2 / 4) * 0.2, 6)
    expect(topTokens(logits, 3)).toEqual([1, 2, 0])
    expect(tokenConfidence(logits, 2)).toBeCloseTo(-(Math.log(0.4) + Math.log(0.3)) / 2, 6)
  })
})
