export { type AtlasAction, type AtlasOptions, type AtlasRow, atlas } from './atlas/atlas.js'
export type { CheckedTask } from './card/ask-again.js'
export type { Card } from './card/card-file.js'
export { type CardTexts, cardTexts } from './card/card-texts.js'
export { type CardCheck, type CheckCardOptions, checkCard } from './card/check-card.js'
export { fetchCard, pushCard } from './card/hub-card.js'
export { type MakeCardOptions, makeCard } from './card/make-card.js'
export type { LatentOptions } from './documents/open-latents.js'
export { type ExplainOptions, explain } from './explain/explain.js'
export { arrayTask } from './plan/array-task.js'
export { makePlan, type PlannedExperiment, type PlanOptions } from './plan/make-plan.js'
export { planAnswers } from './plan/merge-plan.js'
export type { ExperimentSpec } from './plan/open-experiment.js'
export { type Plan, readPlan } from './plan/plan-file.js'
export { type ItemState, type ItemStatus, planStatus } from './plan/plan-status.js'
export {
  arrayTasks,
  type JobResources,
  kubernetesJob,
  type PlanJob,
  shellWord,
  slurmArray,
  slurmMerge,
} from './plan/submit-plan.js'
export { type WorkOptions, workOnPlan } from './plan/work-plan.js'
export type { PlanAnswers } from './plan-answers.js'
export type { PluginIdentity } from './plugin-identity.js'
export { type RankOptions, rank } from './ranking/rank.js'
export type { RankedLatent, Ranker } from './ranking/rank-settings.js'
export {
  actedShare,
  checkActed,
  resultsOf,
  truncationLine,
  UnsteeredError,
} from './run-results.js'
export type { RunSettings, Seeds } from './run-settings.js'
export { search } from './search/search.js'
export type { SearchOptions } from './search/search-options.js'
export type { SearchResult } from './search/search-record.js'
export type { Guard, Objective, SearchAction, SearchBudget } from './search/search-settings.js'
export { readSweepCsvs } from './steering-files.js'
export { type SweepOptions, type SweepResult, sweep } from './sweep.js'
export { type Cell, type SweepAxes, type SweepCsv, sweepCells } from './sweep-cells.js'
export type { CellOutcome, SweepEvent, SweepPlan } from './sweep-events.js'
export { baselineId, type MissingCell } from './sweep-store.js'
export { registerTextScores } from './text-scores/register-text-scores.js'
