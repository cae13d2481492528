import type { PreparedEvaluation } from '@saeval/eval-harness'
import { InputError } from '@saeval/hub'
import type { LanguageModel, MeasuredNumbers } from '@saeval/language-model'
import type { RunSettings } from './run-settings.js'

/** What the maker of a plan has measured and drawn: workers and the merge, perhaps on other devices, take it from there. */
export interface PlanFindings {
  readonly measured: MeasuredNumbers
  /** Steering CSV of a setting; null where the plan has no setting of that name. */
  readonly drawn: (id: string) => string | null
}

/** What the merge of a plan takes from it in place of computing it. */
export interface PlanAnswers {
  readonly findings: PlanFindings
  /** What has computed the answers, each once: with several, their last digits are not those of any one machine. */
  readonly hardware: readonly string[]
  /** Stands between a model and the harness: the model reads, and the plan answers. Throws PlanError for a model that is none of the plan's. */
  answering(model: LanguageModel): Promise<LanguageModel>
  /** Throws PlanError where what is asked now, or how it is scored, is not what it was when the plan was made. */
  checkAsked(prepared: PreparedEvaluation, run: RunSettings): void
}

/** Something is wrong with a plan as a whole, or with one of its files: no reason to leave one setting out and to go on with the others. */
export class PlanError extends InputError {
  override name = 'PlanError'
}
