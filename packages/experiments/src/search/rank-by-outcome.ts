import type { SteerableModel } from '@saeval/language-model'
import type { Sae, SaeFile } from '@saeval/sae-core'
import { amplifyLatents, neutralPrompt } from '@saeval/steering/internal/ranking/amplify-latents'
import { correlated } from '../ranking/outcome-correlations.js'
import { attempt } from '../run-cell.js'
import type { Candidate } from './candidates.js'
import type { DocumentMeter } from './document-meter.js'
import { bySae, bySize, type RankedCandidate, type Ranking } from './rank-candidates.js'
import type { DocumentPlace } from './split-documents.js'

export interface OutcomeOptions {
  readonly meter: DocumentMeter
  /** Documents to choose on, and the metric whose value on each is its outcome. */
  readonly places: readonly DocumentPlace[]
  readonly metric: string
  /** Tokens that amplifying latents may take. */
  readonly budget: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Ranks candidates of an objective without a margin: by the correlation of each document's outcome with the latent's largest activation while the unsteered
 * model answers (CorrSteer, Cho et al. 2025). Where all outcomes are the same, or nothing is written, by the output score (Arad et al. 2025), as many
 * as the budget pays for. Where no latent can be amplified, by nothing: all of them in their order.
 */
export async function rankByOutcome(
  base: SteerableModel,
  candidates: readonly Candidate[],
  options: OutcomeOptions,
): Promise<Ranking> {
  return (await byCorrelation(base, candidates, options)) ?? (await byOutput(base, candidates, options))
}

async function byCorrelation(
  base: SteerableModel,
  candidates: readonly Candidate[],
  { meter, places, metric, signal }: OutcomeOptions,
): Promise<Ranking | null> {
  const tasks = meter.tasksOf(places)
  const outcomes = await meter.measure('unsteered', null, places)
  if (new Set(outcomes.map((metrics) => metrics.get(metric))).size === 1) return null
  if (tasks.some(({ task }) => task.config.outputType === 'loglikelihood_rolling')) return null
  const answers = await meter.unsteeredAnswers(places)
  const ranked: RankedCandidate[] = []
  let tokens = 0
  for (const [sae, own] of bySae(candidates)) {
    const found = await correlated(base, await opened(sae), tasks, answers, { metric, signal })
    tokens += found.tokens
    ranked.push(...own.map((candidate) => ({ candidate, score: found.correlation[candidate.latent]! })))
  }
  return { by: 'correlation', ranked: bySize(ranked), tokens }
}

async function byOutput(
  base: SteerableModel,
  candidates: readonly Candidate[],
  { budget }: OutcomeOptions,
): Promise<Ranking> {
  const each = outputCost(base)
  const payable = candidates.slice(0, Math.max(1, Math.floor(budget / each)))
  const scores = new Map<Candidate, number>()
  for (const [sae, own] of bySae(payable)) {
    const latents = own.map(({ latent }) => latent)
    const found = await attempt(amplifyLatents(base, sae, (await opened(sae)).tensors, latents))
    if (typeof found === 'string') continue
    for (const [index, { outputScore }] of found.entries()) scores.set(own[index]!, outputScore ?? 0)
  }
  const tokens = payable.length * each
  const scored = (list: readonly Candidate[]) =>
    list.map((candidate) => ({ candidate, score: scores.get(candidate) ?? 0 }))
  const isKnown = [...scores.values()].some((score) => score > 0)
  return isKnown
    ? { by: 'output', ranked: bySize(scored(payable)), tokens }
    : { by: 'nothing', ranked: scored(candidates), tokens }
}

/** Tokens that the output score of a latent takes. */
export function outputCost(base: SteerableModel): number {
  return base.tokenizer.encode(neutralPrompt).length
}

async function opened(sae: SaeFile): Promise<Sae> {
  return { config: sae.config, tensors: await sae.load() }
}
