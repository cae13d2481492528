import type { PreparedTask } from '@saeval/eval-harness'
import type { SteerableModel } from '@saeval/language-model'
import { marginSlopes, type SlopeOptions } from '../ranking/margin-slopes.js'
import type { Candidate } from './candidates.js'

/** A candidate with the slope of the objective's margin; null where it was not measured. */
export interface RankedCandidate {
  readonly candidate: Candidate
  readonly slope: number | null
}

/** Ranks candidates by how strongly the margin of some documents answers to a little of each, strongest first; gives the tokens that it took, too. */
export async function rankCandidates(
  base: SteerableModel,
  candidates: readonly Candidate[],
  tasks: readonly PreparedTask[],
  options: SlopeOptions,
): Promise<{ readonly ranked: readonly RankedCandidate[]; readonly tokens: number }> {
  const ranked: RankedCandidate[] = []
  let tokens = 0
  let before = 0
  for (const sae of new Set(candidates.map((candidate) => candidate.sae))) {
    const own = candidates.filter((candidate) => candidate.sae === sae)
    const found = await marginSlopes(
      base,
      sae,
      own.map(({ latent }) => latent),
      tasks,
      { ...options, onLatent: (done) => options.onLatent?.(before + done) },
    )
    before += own.length
    tokens += found.tokens
    ranked.push(...own.map((candidate, index) => ({ candidate, slope: found.slopes[index]! })))
  }
  return { ranked: ranked.sort((a, b) => Math.abs(b.slope!) - Math.abs(a.slope!)), tokens }
}
