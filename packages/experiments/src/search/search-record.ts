import type { AgainstControls } from '@saeval/report'
import type { Arm } from './arms.js'
import type { Confirmation } from './confirm.js'
import type { Standing } from './halve.js'
import type { RankedBy } from './rank-candidates.js'
import type { Guard, Objective } from './search-settings.js'

/** What a search took. */
export interface SearchCost {
  /** Tokens that were computed for it, in earlier processes too. */
  readonly tokens: number
  /** Tokens of every arm of every candidate on every document: an estimate from the unsteered model's. */
  readonly grid: number
  readonly budget: number
  readonly candidates: number
  readonly arms: number
}

/** A latent that no arm was made of, and why. */
export interface LeftOut {
  readonly latent: number
  readonly sae: string
  readonly why: string
}

/** The winner beside its controls, one kind each. */
export interface ControlledEffect {
  readonly kind: 'random latents' | 'random directions'
  readonly effect: number
  readonly controls: readonly number[]
  /** One-sided: for doing more than they do. */
  readonly against: AgainstControls
}

/** The winner beside its controls. */
export interface ControlledWinner {
  readonly controls: readonly ControlledEffect[]
  /** The winner with its sign flipped on the confirming documents, as gain; null without a winner, for ablate, and where it cannot run. */
  readonly flipped: number | null
  /** What the controls lack. */
  readonly controlNotes: readonly string[]
}

/** What a search ends in. */
export interface SearchResult extends ControlledWinner {
  readonly folder: string
  readonly objective: Objective
  readonly guards: readonly Guard[]
  readonly arms: readonly Arm[]
  /** Every arm: those that were left first. */
  readonly standings: readonly Standing[]
  readonly leftOut: readonly LeftOut[]
  readonly confirmations: readonly Confirmation[]
  /** Index among arms of the confirmed one that does most; null where none is confirmed. */
  readonly winner: number | null
  /** Candidates that were not ranked, as the budget did not pay for it, or as nothing ranks them. */
  readonly unranked: number
  readonly rankedBy: RankedBy
  readonly cost: SearchCost
  /** Unsteered values of objective and guards on the confirming documents. */
  readonly unsteered: { readonly objective: number; readonly guards: readonly number[] }
}
