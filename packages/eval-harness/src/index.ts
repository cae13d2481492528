export type { KindProgress } from './ask-model.js'
export { cachedModel } from './cache/cached-model.js'
export type { RequestCache } from './cache/cached-requests.js'
export { openStore, removeStore, type Store } from './cache/store.js'
export { type CheckTasksOptions, checkTasks, type TaskReport } from './check-tasks.js'
export { type LoadDatasetOptions, loadDataset } from './datasets/load-dataset.js'
export { describePrompts } from './describe-prompts.js'
export {
  type EvaluateOptions,
  type EvaluationProgress,
  evaluate,
  evaluatePrepared,
  type PreparedEvaluation,
  prepareEvaluation,
} from './evaluate.js'
export { type FilterQuestion, type OwnFilter, registerFilter } from './filters/own-filters.js'
export { type OwnAggregation, registerAggregation } from './metrics/aggregation-registry.js'
export type { MetricContext, MetricQuestion, MetricSettings, OwnMetric } from './metrics/metric-question.js'
export { registerMetric } from './metrics/own-metrics.js'
export { type PreparedTask, prepareTask } from './prepare-task.js'
export type { Evaluation } from './results/collect-results.js'
export { type RunFacts, resultsFile } from './results/results-file.js'
export { resultsTable } from './results/results-table.js'
export { type OutputPlace, prepareOutput, writeResults } from './results/write-results.js'
export { type GroupNode, loadTasks, type TaskLeaf, type TaskNode } from './tasks/load-tasks.js'
export type { RunOverrides, TaskConfig } from './tasks/task-config.js'
export { type IndexEntry, indexTasks, type TaskIndex } from './tasks/task-index.js'
