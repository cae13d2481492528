import { InputError, option, sentence } from '@saeval/hub'
import { smallestBudget, smallestGuardP, smallestSignFlipP } from '@saeval/report'
import type { Candidate } from './candidates.js'
import { guardText, objectiveText } from './check-metrics.js'
import { level } from './confirm.js'
import type { DocumentMeter } from './document-meter.js'
import { mostRoundsCost, type RungOptions, roundsCost } from './plan-rungs.js'
import { bySae } from './rank-candidates.js'
import type { Guard, Objective, SearchBudget } from './search-settings.js'

/** Share of the full grid's tokens that a search may take where no budget is given. */
const defaultShare = 0.05

/** That a budget does not pay for what must be measured at least. */
export function tooSmall(budget: number, needed: number): InputError {
  return new InputError(
    sentence`${option('budget')}: ${Math.round(budget)} tokens are too few; this search needs more than ${Math.ceil(needed)}: take fewer documents (${option('limit')}), latents or guards, or more tokens`,
  )
}

/** What a search will take, before latents are ranked: estimates from the unsteered model's tokens. */
export interface CostOptions extends Omit<RungOptions, 'arms' | 'budget'> {
  /** Latents, and those of them that are tried after ranking. */
  readonly candidates: number
  readonly keep: number
  /** Arms of a latent at most. */
  readonly perCandidate: number
  /** Controls of each kind. */
  readonly controls: number
  /** Confirming documents, as RungOptions.documents are choosing ones. */
  readonly confirming: RungOptions['documents']
  /** Tokens that were computed. */
  readonly spent: number
  /** Tokens of ranking a latent, and of reading documents for activations. */
  readonly ranking: number
  readonly reading: number
}

/** Tokens of a search's parts. */
export interface SearchNeeds {
  /** Confirmation and controls. */
  readonly reserve: number
  /** Reading documents for activations. */
  readonly reading: number
  /** All but ranking, with as few arms as can be halved. */
  readonly least: number
  /** All of it: every latent ranked, every arm of those that stay tried. */
  readonly whole: number
}

/** What a search needs at least, and what it takes where nothing is left out. */
export function searchNeeds(options: CostOptions): SearchNeeds {
  const { candidates, keep, perCandidate, finalists, controls, confirming, cost, spent, ranking, reading } = options
  const reserve =
    (finalists + 1) * (confirming.objective * cost.objective + confirming.guards * cost.guards) +
    (2 * controls + 1) * confirming.objective * cost.objective
  const fixed = spent + reading + reserve
  const arms = Math.min(candidates, keep) * perCandidate
  return {
    reserve,
    reading,
    least: fixed + roundsCost(Math.min(arms, finalists + 1), options),
    whole: fixed + (candidates + 1) * ranking + mostRoundsCost(arms, options),
  }
}

/** How often documents are read for activations, at most: for each SAE with latents whose largest one is not known, or the winner's; without slopes also to rank. */
export function readings(candidates: readonly Candidate[], hasSlopes: boolean): number {
  const unknown = candidates.filter(({ maxActivation }) => maxActivation === null)
  return Math.max(1, bySae(unknown).length) + (hasSlopes ? 0 : bySae(candidates).length)
}

/**
 * A budget in tokens; minutes at so many tokens in a second. Without one a twentieth of the full grid, or all that the search can do where that is more:
 * of few latents.
 */
export function budgetTokens(budget: SearchBudget | null, grid: number, whole: number, speed: number): number {
  if (budget === null) return Math.ceil(Math.max(defaultShare * grid, whole))
  if ('tokens' in budget) return budget.tokens
  return Math.ceil(budget.minutes * 60 * speed)
}

/**
 * Throws InputError where an objective or a guard has no document to confirm on (one task's only document is one to choose on), and where the objective has
 * so few that no test of them could confirm one of the finalists.
 */
export function checkConfirming(
  objective: Objective,
  guards: readonly Guard[],
  documents: { readonly objective: number; readonly guards: readonly number[] },
  finalists: number,
): void {
  const advice = sentence`has no document to confirm on; half of each task's documents are for that, so a task needs 2 or more: take more documents (${option('limit')}), or tasks that have more`
  if (documents.objective === 0) throw new InputError(sentence`${objectiveText(objective)} ${advice}`)
  const empty = guards.find((_, index) => documents.guards[index] === 0)
  if (empty !== undefined) throw new InputError(sentence`${guardText(empty)} ${advice}`)
  if (smallestSignFlipP(documents.objective) * finalists >= level)
    throw new InputError(
      sentence`${objectiveText(objective)}: ${tooFew(documents.objective, finalists, smallestSignFlipP)}`,
    )
}

/**
 * Throws InputError for a guard that could not even be kept by a model that changes nothing; `areShares` tells whether the unsteered model's values are all
 * 0 or 1.
 */
export function checkGuards(
  guards: readonly Guard[],
  documents: readonly number[],
  areShares: readonly boolean[],
  finalists: number,
): void {
  for (const [index, guard] of guards.entries()) {
    const n = documents[index]!
    if (!areShares[index]) {
      if (smallestGuardP(n) * finalists < level) continue
      throw new InputError(sentence`${guardText(guard)}: ${tooFew(n, finalists, smallestGuardP)}`)
    }
    const least = 100 * smallestBudget(n, 1 - level / finalists)
    if (Math.abs(guard.points) < least)
      throw new InputError(
        sentence`${guardText(guard)}: with ${n} documents to confirm on, even no change at all leaves a loss of ${least.toFixed(1)} points possible; take more documents, several tasks in one guard (a+b or a group), or a budget of more points`,
      )
  }
}

function tooFew(n: number, finalists: number, smallestP: (n: number) => number) {
  let needed = n
  while (smallestP(needed) * finalists >= level) needed++
  return sentence`with ${n} documents to confirm on, no p value of ${finalists} finalists can be below ${level}; it takes ${needed}, half of each task's documents: take more documents (${option('limit')}), tasks that have more, or fewer finalists (${option('finalists')})`
}

/** Tokens of a document of the objective and of each guard. */
export async function unsteeredCost(
  meter: DocumentMeter,
  objective: Parameters<DocumentMeter['measure']>[2],
  guards: readonly Parameters<DocumentMeter['measure']>[2][],
): Promise<{ readonly objective: number; readonly guards: readonly number[] }> {
  const costOf = async (places: typeof objective) => {
    const before = meter.tokens
    await meter.measure('unsteered', null, places)
    return Math.max(1, (meter.tokens - before) / places.length)
  }
  const own = await costOf(objective)
  const others: number[] = []
  for (const places of guards) others.push(await costOf(places))
  return { objective: own, guards: others }
}
