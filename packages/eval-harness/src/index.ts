export { askModel, type KindProgress, planTasks } from './ask-model.js'
export { cachedModel } from './cache/cached-model.js'
export type { RequestCache } from './cache/cached-requests.js'
export { openStore, type Store } from './cache/store.js'
export { type CheckTasksOptions, checkTasks } from './check-tasks.js'
export { type LoadDatasetOptions, loadDataset } from './datasets/load-dataset.js'
export { describePrompts } from './describe-prompts.js'
export {
  defaultBootstrapIterations,
  type EvaluateOptions,
  type Evaluation,
  type EvaluationProgress,
  evaluate,
  evaluatePrepared,
  type PreparedEvaluation,
  prepareEvaluation,
} from './evaluate.js'
export { type FilterQuestion, filterNames, type OwnFilter, registerFilter } from './filters/own-filters.js'
export { findFunctionsAhead } from './find-functions-ahead.js'
export { aggregationNames, type OwnAggregation, registerAggregation } from './metrics/aggregation-registry.js'
export { type MetricQuestion, metricNames, type OwnMetric, registerMetric } from './metrics/own-metrics.js'
export { type Asked, type PreparedTask, prepareTask } from './prepare-task.js'
export { type Cell, markdownTable } from './results/markdown-table.js'
export { modelName, sanitizeModelName } from './results/names.js'
export { type RunFacts, resultsFile } from './results/results-file.js'
export { resultsTable } from './results/results-table.js'
export { type OutputPlace, prepareOutput, writeResults } from './results/write-results.js'
export {
  type GroupNode,
  leafNames,
  leaves,
  loadTasks,
  nodeName,
  type TaskLeaf,
  type TaskNode,
} from './tasks/load-tasks.js'
export type { RunOverrides, TaskConfig } from './tasks/task-config.js'
export { builtInTasks, type IndexEntry, indexTasks, type TaskIndex } from './tasks/task-index.js'
export { readYaml } from './tasks/yaml.js'
