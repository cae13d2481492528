export type { Dataset, Split } from './functions/dataset.js'
export { FunctionReference } from './functions/function-reference.js'
export {
  type FunctionResolver,
  type FunctionUse,
  noFunctions,
  type TaskFunction,
  TaskFunctionError,
} from './functions/task-function.js'
export { dumpsJson, parseJson } from './json/json.js'
export type { PythonOptions } from './pyodide/python-process.js'
export { type TaskFunctions, taskFunctions } from './pyodide/task-functions.js'
export { literalEval } from './text/literal.js'
export { pyRepr, pyStr } from './text/text.js'
export { fromPlain, isDict, type PyDict, PyFloat, type PyValue, toPlain } from './values/value.js'
