import type { normFactorArguments } from '@saeval/steering/internal/edits/norm-factor'
import type { OpenRunOptions } from '../documents/open-run.js'
import type { ArmOptions } from './arms.js'
import type { CandidateSource } from './candidates.js'
import type { Guard, Objective, SearchBudget } from './search-settings.js'

/** What a search is asked for. */
export interface SearchOptions extends Omit<OpenRunOptions<typeof normFactorArguments>, 'name' | 'own'>, ArmOptions {
  readonly source: CandidateSource
  readonly objective: Objective
  readonly guards: readonly Guard[]
  /** null: 5 % of the tokens of the full grid, or all that the search can do where that is more. */
  readonly budget: SearchBudget | null
  /** Latents that are tried after ranking. */
  readonly keep: number
  readonly finalists: number
  /** Controls of each kind for the winner; 0 for none. */
  readonly controls: number
  /** The command line, for the record. */
  readonly command: string
  readonly saeval: string
  /** What the search does, and how far that is (0 to 1). */
  readonly onStage?: (what: string, share: number) => void
}
