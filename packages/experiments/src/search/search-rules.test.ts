import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PreparedTask } from '@saeval/eval-harness'
import type { SaeReference } from '@saeval/sae-core'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { randomSae } from '../../../../tests/random-sae.js'
import { armsOf, distinctArms } from './arms.js'
import { checkMetrics } from './check-metrics.js'
import { planRungs } from './plan-rungs.js'
import { budgetTokens, checkConfirming, checkGuards, searchNeeds } from './search-costs.js'
import { readPlan, writePlan } from './search-plan.js'
import type { SearchResult } from './search-record.js'
import { beatsControls, verdictText } from './search-tables.js'
import { tradeOffOf } from './trade-off-of.js'

const objective = { tasks: ['t'], metric: 'score', wanted: 'up' } as const
const guard = { tasks: ['g'], metric: 'score', points: -3 }

describe('documents to confirm on', () => {
  const check =
    (n: number, finalists = 3) =>
    () =>
      checkConfirming(objective, [], { objective: n, guards: [] }, finalists)

  it('are enough for a p value of all finalists', () => {
    // 2 / 2^n times 3 is below 0.05 from 7 on
    for (const n of [1, 2, 4, 6]) expect(check(n)).toThrow(/no p value of 3 finalists can be below 0.05; it takes 7/)
    expect(check(7)).not.toThrow()
    expect(check(6, 1)).not.toThrow()
  })

  it('are enough for guards, by what their values are', () => {
    // of values that are no shares 2^-n times 3 is below 0.05 from 6 on, whatever the metric's name
    const check =
      (n: number, isShare: boolean, points = -3) =>
      () =>
        checkGuards([{ ...guard, metric: 'acc', points }], [n], [isShare], 3)
    expect(check(5, false)).toThrow('it takes 6')
    expect(check(6, false)).not.toThrow()
    expect(check(20, true)).toThrow('even no change at all leaves a loss of 13.7 points possible')
    expect(check(200, true)).not.toThrow()
  })
})

describe('metrics', () => {
  const task = (name: string, aggregation: string, outputType = 'loglikelihood') =>
    ({
      task: { config: { task: name, outputType, processResults: null } },
      metrics: [{ config: { name: 'perplexity', aggregation } }, { config: { name: 'acc', aggregation: 'mean' } }],
    }) as unknown as PreparedTask
  const check = (metric: string, prepared: PreparedTask) => () =>
    checkMetrics({ ...objective, metric }, [], { objective: [prepared], guards: [] })

  it('are means over documents, before any is asked', () => {
    expect(check('perplexity', task('lambada', 'perplexity'))).toThrow(
      /perplexity of task lambada is no mean over its documents.*take one that is: acc$/,
    )
    expect(check('acc', task('lambada', 'perplexity'))).not.toThrow()
    expect(check('bleu', task('a', 'mean'))).toThrow('task a has no metric bleu; it has perplexity, acc')
    expect(check('choice_margin', task('a', 'mean', 'multiple_choice'))).not.toThrow()
  })
})

describe('a budget', () => {
  const costs = {
    candidates: 10,
    keep: 32,
    perCandidate: 14,
    finalists: 3,
    controls: 20,
    documents: { objective: 48, guards: 240 },
    confirming: { objective: 48, guards: 240 },
    cost: { objective: 1, guards: 1 },
    spent: 288,
    ranking: 8,
    reading: 200,
  }

  it('that nobody gave is enough for few latents', () => {
    const { least, whole, reserve } = searchNeeds(costs)
    expect(reserve).toBe(4 * 288 + 41 * 48)
    expect(least).toBeGreaterThan(reserve)
    expect(whole).toBeGreaterThan(least)
    // few arms are asked all documents at once, and may cost more than many: all is paid for, however many are left after ranking
    const one = searchNeeds({ ...costs, candidates: 1, documents: { objective: 200, guards: 0 }, ranking: 0 })
    const rest = one.whole - 288 - one.reserve - one.reading
    for (let arms = 1; arms <= 14; arms++) {
      const options = { ...costs, documents: { objective: 200, guards: 0 }, arms, budget: rest }
      expect(planRungs(options)[0]?.arms).toBe(arms)
    }
    const grid = 10 * 14 * 576
    expect(0.05 * grid).toBeLessThan(whole)
    expect(budgetTokens(null, grid, whole, 0)).toBe(whole)
    expect(budgetTokens(null, 100 * grid, whole, 0)).toBe(5 * grid)
    expect(budgetTokens({ minutes: 2 }, grid, whole, 10)).toBe(1200)
  })

  it('may be another one later in the same folder; what else differs is named', () => {
    const folder = temporaryFolder()
    const asked = (keep: number, prompts: string) => JSON.stringify({ keep, prompts })
    expect(readPlan(folder, asked(1, 'a'), null)).toBeNull()
    const plan = { asked: asked(1, 'a'), budgetAsked: '{"tokens":5}', budget: 5 }
    writePlan(folder, plan)
    expect(readPlan(folder, asked(1, 'a'), { tokens: 5 })).toEqual(plan)
    expect(readPlan(folder, asked(1, 'a'), { tokens: 9 })).toBeNull()
    expect(() => readPlan(folder, asked(1, 'b'), { tokens: 5 })).toThrow('another search, of other prompts;')
    expect(() => readPlan(folder, asked(2, 'b'), { tokens: 5 })).toThrow('another search, of other keep, prompts;')
    writeFileSync(join(folder, 'plan.json'), '{')
    expect(() => readPlan(folder, asked(1, 'a'), null)).toThrow('is damaged')
  })
})

describe('arms', () => {
  const sae = randomSae(1, { architecture: 'standard' })
  const reference = { release: 'r', id: 'layer' } as unknown as SaeReference
  const candidate = { sae, reference, latent: 3, label: null, maxActivation: 10 }
  const names = (arms: readonly { action: string; coefficient: number }[]) =>
    arms.map(({ action, coefficient }) => `${action} ${coefficient}`)

  it('that do the same are one', async () => {
    const actions = ['add', 'add', 'clamp', 'clamp_active', 'ablate'] as const
    const all = armsOf(candidate, 10, 0, { actions, strengths: [-1, 0, 1, 1] })
    expect(names(await distinctArms(all, 4))).toEqual([
      'add -10',
      'add 10',
      'clamp -10',
      'clamp 0',
      'clamp 10',
      'clamp_active -10',
      'clamp_active 10',
    ])
  })

  it('go the way that the slope asks for, if there are some', () => {
    expect(armsOf(candidate, 10, -1, { actions: ['add'], strengths: [1, 2] })).toEqual([])
    expect(names(armsOf(candidate, 10, -1, { actions: ['add'], strengths: [-1, 2] }))).toEqual(['add -10'])
  })
})

describe('a verdict', () => {
  const arm = {
    candidate: { latent: 7, label: null, reference: { id: 'layer' } },
    action: 'add',
    strength: 1,
    coefficient: 5,
  }
  const against = (pValue: number) => ({ n: 20, mean: 0.6, sd: 0.1, pValue, rankP: 1 })
  const result = (p: readonly number[], more: Partial<SearchResult> = {}) =>
    ({
      objective,
      guards: [guard],
      arms: [arm, arm, arm],
      standings: [],
      winner: 0,
      unranked: 0,
      rankedBy: 'slope',
      confirmations: [{ arm: 0, objective: { difference: 0.1 } }],
      controls: p.map((pValue, index) => ({
        kind: index === 0 ? 'random latents' : 'random directions',
        effect: 0.1,
        controls: [],
        against: against(pValue),
      })),
      controlNotes: [],
      cost: { candidates: 12 },
      unsteered: { objective: 0.5, guards: [1] },
      ...more,
    }) as unknown as SearchResult

  it('says whether the winner does more than its controls', () => {
    expect(beatsControls(result([0.001, 0.02]))).toBe(true)
    expect(verdictText(result([0.001, 0.02]))).toBe(
      'Confirmed: add 5 (1 of its largest activation), latent 7 of layer moves t:score by +10.0 points, more than random latents and random directions do.',
    )
    expect(beatsControls(result([0.001, 0.9]))).toBe(false)
    expect(verdictText(result([0.001, 0.9]))).toMatch(
      /^Not told apart from chance: .* no more than random directions \(p 0.9000\) do for sure\.$/,
    )
    expect(beatsControls(result([]))).toBeNull()
    expect(verdictText(result([]))).toMatch(/^Confirmed: .* It was held against no controls\.$/)
  })

  it('says what was not ranked, and who could not run', () => {
    expect(verdictText(result([], { unranked: 9 }))).toContain(
      '9 of 12 latents were not ranked: the budget does not pay for it.',
    )
    const standings = [{ dropped: { kind: 'cannot run', message: 'overflow', isFinalist: true } }]
    const none = result([], { winner: null, standings } as unknown as Partial<SearchResult>)
    expect(verdictText(none)).toContain('none of the 2 finalists, 1 of which cannot run, moves t:score up')
  })

  it('has a front of arms that answered the same documents', () => {
    const standing = (round: number, gain: number, change: number) => ({ arm: 0, round, gain, changes: [change] })
    const chart = tradeOffOf(
      result([], { standings: [standing(1, 0.1, -0.01), standing(0, 0.9, 0)] } as unknown as Partial<SearchResult>),
    )!
    expect(chart.points.map(({ series, target, others }) => [series, target, others])).toEqual([
      ['last round', 10, -1],
      ['earlier rounds', 90, 0],
    ])
    expect(chart.front).toBe('last round')
    // of a guard that may rise a loss is a rise
    const rise = { ...result([]), guards: [{ ...guard, points: 3 }], standings: [standing(1, 0.1, -0.01)] }
    expect(tradeOffOf(rise as unknown as SearchResult)).toMatchObject({ others: 'low', points: [{ others: 1 }] })
    // of several guards the one that has lost most of its budget: 1 of 3 points, 2 of 4
    const two = { ...result([]), guards: [guard, { ...guard, points: -4 }] }
    const lost = { ...two, standings: [{ arm: 0, round: 0, gain: 0.1, changes: [-0.01, -0.02] }] }
    expect(tradeOffOf(lost as unknown as SearchResult)!.points[0]!.others).toBeCloseTo(-50, 9)
  })
})
