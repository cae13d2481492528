import type { FunctionResolver } from '@saeval/python/internal/functions/task-function'
import { resolveFunctions } from './requests/task.js'
import { leaves, type TaskNode } from './tasks/load-tasks.js'

/**
 * Begins to find the Python functions of tasks, so that what they need starts while a model loads. `evaluate` finds them again, in no time, and
 * reports what is wrong with them.
 */
export function findFunctionsAhead(tasks: readonly TaskNode[], functions: FunctionResolver): void {
  const find = async () => {
    for (const config of leaves(tasks)) await resolveFunctions(config, functions)
  }
  find().catch(() => {})
}
