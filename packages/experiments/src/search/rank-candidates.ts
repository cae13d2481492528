import type { PreparedTask } from '@saeval/eval-harness'
import type { SteerableModel } from '@saeval/language-model'
import type { SaeFile } from '@saeval/sae-core'
import { marginSlopes, type SlopeOptions } from '../ranking/margin-slopes.js'
import type { Candidate } from './candidates.js'

/** What candidates can be ranked by; "nothing" leaves them in the order that the seed has drawn. */
export type RankedBy = 'slope' | 'correlation' | 'output' | 'nothing'

/** What an objective without a margin is ranked by, in words. */
export const rankedByText: Readonly<Record<Exclude<RankedBy, 'slope'>, string>> = {
  correlation: 'the correlation of the outcome with their activations',
  output:
    'their output score, as all documents to choose on have the same outcome or nothing is written; more documents may tell latents apart',
  nothing: 'nothing, as none can be amplified; some are drawn by the seed',
}

/** A candidate with its score. */
export interface RankedCandidate {
  readonly candidate: Candidate
  readonly score: number
}

/** Candidates, best first, and what it took. */
export interface Ranking {
  readonly by: RankedBy
  readonly ranked: readonly RankedCandidate[]
  /** Tokens that were computed. */
  readonly tokens: number
}

/** Ranks candidates by how strongly the margin of some documents answers to a little of each. */
export async function rankBySlope(
  base: SteerableModel,
  candidates: readonly Candidate[],
  tasks: readonly PreparedTask[],
  options: SlopeOptions,
): Promise<Ranking> {
  const ranked: RankedCandidate[] = []
  let tokens = 0
  for (const [sae, own] of bySae(candidates)) {
    const before = ranked.length
    const latents = own.map(({ latent }) => latent)
    const onLatent = (done: number) => options.onLatent?.(before + done)
    const found = await marginSlopes(base, sae, latents, tasks, { ...options, onLatent })
    tokens += found.tokens
    ranked.push(...own.map((candidate, index) => ({ candidate, score: found.slopes[index]! })))
  }
  return { by: 'slope', ranked: bySize(ranked), tokens }
}

/** Candidates of each SAE. */
export function bySae(candidates: readonly Candidate[]): [SaeFile, Candidate[]][] {
  const saes = [...new Set(candidates.map(({ sae }) => sae))]
  return saes.map((sae) => [sae, candidates.filter((candidate) => candidate.sae === sae)])
}

/** Largest size of the score first. */
export function bySize(ranked: readonly RankedCandidate[]): RankedCandidate[] {
  return [...ranked].sort((a, b) => Math.abs(b.score) - Math.abs(a.score))
}
