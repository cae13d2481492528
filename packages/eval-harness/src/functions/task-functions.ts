import { pythonFunctions } from '../pyodide/python-functions.js'
import type { FunctionResolver } from './task-function.js'

/** A resolver for the functions of task files; `close` ends the Python that it may have started. */
export type TaskFunctions = FunctionResolver & { close(): Promise<void> }

/** Runs the Python functions of task files, which were found in the folders `roots` (the built-in tasks and every --include_path). */
export function taskFunctions(roots: readonly string[]): TaskFunctions {
  return pythonFunctions(roots)
}
