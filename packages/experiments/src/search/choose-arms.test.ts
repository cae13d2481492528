import type { SteerableModel } from '@saeval/language-model'
import type { SaeReference } from '@saeval/sae-core'
import { expect, it } from 'vitest'
import { randomSae } from '../../../../tests/random-sae.js'
import type { Candidate } from './candidates.js'
import { chooseArms } from './choose-arms.js'
import type { DocumentMeter } from './document-meter.js'

/** Latents of an SAE, of which the first is known to be never active. */
function candidatesOf(seed: number): Candidate[] {
  const sae = randomSae(seed, { architecture: 'standard' })
  const reference = { release: 'r', id: `layer_${seed}` } as SaeReference
  return Array.from({ length: 20 }, (_, latent) => ({ sae, reference, latent, label: null, maxActivation: 10 }))
}

// all outcomes are the same, and the model cannot amplify: nothing ranks
const meter = {
  tokens: 0,
  tasksOf: () => [],
  measure: async () => [new Map([['score', 1]])],
} as unknown as DocumentMeter
const choose = (candidates: readonly Candidate[], strengths: readonly number[], seed = 1) =>
  chooseArms(candidates, {
    base: { dHead: 4, tokenizer: { encode: () => [1, 2] } } as unknown as SteerableModel,
    meter,
    objective: { tasks: ['t'], metric: 'score', wanted: 'up' },
    actions: ['add'],
    strengths,
    places: [{ task: 't', docId: 0 }],
    slopePlaces: [],
    budget: 10,
    cost: 10,
    keep: 6,
    activity: async () => ({ tokens: 0, sparsity: new Float64Array(40), largest: new Float64Array(40) }),
    slopes: { seed },
  })

it('what is not paid for is drawn from all SAEs in turns, and counted', async () => {
  const candidates = [...candidatesOf(1), ...candidatesOf(2)]
  const { arms, leftOut, rankedBy, unranked } = await choose(candidates, [1])
  expect([rankedBy, unranked]).toEqual(['nothing', 34])
  const turns = ['layer_1', 'layer_2', 'layer_1', 'layer_2', 'layer_1', 'layer_2']
  expect(arms.map(({ candidate }) => candidate.reference.id)).toEqual(turns)
  expect(arms.map(({ candidate }) => candidate.latent)).not.toEqual([0, 0, 1, 1, 2, 2])
  const again = await choose(candidates, [1])
  expect(again.arms).toEqual(arms)
  expect(leftOut).toHaveLength(34)
  expect(leftOut[0]!.why).toBe('not ranked, and beyond the first 6 that were drawn')
})

it('says why a latent has no arm', async () => {
  const [first, second] = candidatesOf(1)
  const silent = { ...first!, maxActivation: null }
  const { arms, leftOut } = await choose([silent, second!], [0])
  expect(arms).toEqual([])
  expect(leftOut.map(({ why }) => why)).toEqual([
    'never active on the texts that were read, and no features file tells its largest activation',
    'no action has a strength to try',
  ])
})
