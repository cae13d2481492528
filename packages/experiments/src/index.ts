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
export { readSweepCsvs } from './steering-files.js'
export { type SweepOptions, type SweepResult, sweep } from './sweep.js'
export { type Cell, type SweepAxes, type SweepCsv, sweepCells } from './sweep-cells.js'
export type { CellOutcome, SweepEvent, SweepPlan } from './sweep-events.js'
export { baselineId, type MissingCell } from './sweep-store.js'
