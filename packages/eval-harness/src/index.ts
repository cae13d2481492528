export { askModel, type KindProgress, planTasks } from './ask-model.js'
export { cachedModel } from './cache/cached-model.js'
export type { RequestCache } from './cache/cached-requests.js'
export { openStore, type Store } from './cache/store.js'
export { type CheckTasksOptions, checkTasks } from './check-tasks.js'
export type { Dataset, Split } from './datasets/dataset.js'
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
export { pythonSources } from './functions/python-sources.js'
export {
  type FunctionResolver,
  type FunctionUse,
  noFunctions,
  type TaskFunction,
  TaskFunctionError,
} from './functions/task-function.js'
export { type TaskFunctions, taskFunctions } from './functions/task-functions.js'
export { samePlan } from './in-parts.js'
export type * from './language-model.js'
export {
  getModelFactory,
  type ModelArgument,
  type ModelArguments,
  type ModelContext,
  type ModelFactory,
  registeredModels,
  registerModel,
} from './model-registry.js'
export { type Asked, type PreparedTask, prepareTask } from './prepare-task.js'
export type { PythonOptions } from './pyodide/python-worker.js'
export { dumpsJson, parseJson } from './python/json.js'
export { literalEval } from './python/literal.js'
export { pyRepr, pyStr } from './python/text.js'
export { fromPlain, isDict, type PyDict, PyFloat, type PyValue, toPlain } from './python/value.js'
export { type Cell, markdownTable } from './results/markdown-table.js'
export { modelName, sanitizeModelName } from './results/names.js'
export { type RunFacts, resultsFile } from './results/results-file.js'
export { resultsTable } from './results/results-table.js'
export { type OutputPlace, prepareOutput, writeResults } from './results/write-results.js'
export type { GenerationSettings } from './tasks/generation-settings.js'
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
export { builtInTasks, fnmatchPattern, type IndexEntry, indexTasks, type TaskIndex } from './tasks/task-index.js'
export { FunctionReference, readYaml } from './tasks/yaml.js'
