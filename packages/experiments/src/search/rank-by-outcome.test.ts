import type { SteerableModel } from '@saeval/language-model'
import { encode, type SaeReference } from '@saeval/sae-core'
import { describe, expect, it } from 'vitest'
import { randomNumbers, randomSae } from '../../../../tests/random-sae.js'
import type { Candidate } from './candidates.js'
import type { DocumentMeter } from './document-meter.js'
import { rankByOutcome } from './rank-by-outcome.js'

const sae = randomSae(1, { architecture: 'standard' })
const { dIn, dSae, hookPoint } = sae.config
const candidates = Array.from(
  { length: dSae },
  (_, latent): Candidate => ({ sae, reference: {} as SaeReference, latent, label: null, maxActivation: 1 }),
)
const outcomes = [0, 1, 0.5, 1, 0, 0.25]
const activations = randomNumbers(5)(outcomes.length * dIn)

/** Texts of two tokens, the number of the document and what is written to it. */
const base = {
  info: { maxLength: 10 },
  tokenizer: { specialIds: new Set(), encode: (text: string) => text.split(' ').map(Number) },
  captureActivations: async ([document]: readonly number[]) =>
    new Map([[hookPoint, { data: activations.subarray(document! * dIn, (document! + 1) * dIn), dims: [1, dIn] }]]),
} as unknown as SteerableModel

function meterOf(values: readonly number[]): DocumentMeter {
  const asked = values.map((_, docId) => ({ docId, requests: [{ type: 'generate_until', context: String(docId) }] }))
  return {
    tasksOf: () => [{ task: { config: { task: 't', outputType: 'generate_until' } }, asked }],
    measure: async () => values.map((value) => new Map([['score', value]])),
    unsteeredAnswers: async () =>
      new Map([['t', values.map((value) => ({ metrics: new Map([['score', value]]), answers: [' 7'] }))]]),
  } as unknown as DocumentMeter
}

const places = outcomes.map((_, docId) => ({ task: 't', docId }))
const rank = (values: readonly number[]) =>
  rankByOutcome(base, candidates, { meter: meterOf(values), places, metric: 'score', budget: 100 })

describe('an objective without a margin', () => {
  it('has all latents ranked by their correlation with the outcome', async () => {
    const { by, ranked, tokens } = await rank(outcomes)
    expect([by, ranked.length, tokens]).toEqual(['correlation', dSae, outcomes.length])
    const f = encode({ config: sae.config, tensors: await sae.load() }, activations)
    const pearson = (latent: number) => {
      const x = outcomes.map((_, at) => f[at * dSae + latent]!)
      const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length
      const [mx, my] = [mean(x), mean(outcomes)]
      const sum = (of: (at: number) => number) => mean(x.map((_, at) => of(at)))
      const [xx, yy] = [sum((at) => (x[at]! - mx) ** 2), sum((at) => (outcomes[at]! - my) ** 2)]
      return xx === 0 ? 0 : sum((at) => (x[at]! - mx) * (outcomes[at]! - my)) / Math.sqrt(xx * yy)
    }
    for (const { candidate, score } of ranked) expect(score).toBeCloseTo(pearson(candidate.latent), 5)
    const sizes = ranked.map(({ score }) => Math.abs(score))
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a))
  })

  it('is ranked by nothing where outcomes are all the same and the model has no output score', async () => {
    const { by, ranked } = await rank([1, 1, 1, 1, 1, 1])
    expect([by, ranked.length]).toEqual(['nothing', dSae])
  })
})
