import { type HubOptions, InputError } from '@saeval/hub'
import { defaultSeed } from '@saeval/language-model'
import type { FunctionResolver } from '@saeval/python/internal/functions/task-function'
import { prepareTask } from './prepare-task.js'
import type { TaskConfig } from './tasks/task-config.js'

export interface CheckTasksOptions {
  readonly functions: FunctionResolver
  readonly hub: HubOptions
  /** Builds the requests of every document, not only of the first ones. */
  readonly whole: boolean
  readonly onChecked: (done: number, total: number) => void
}

/** What checkTasks has found. */
export interface TaskReport {
  /** One message for all tasks that fail for one reason. */
  readonly problems: readonly string[]
  /** Tasks that fail. */
  readonly failed: number
  /** What is wrong with documents and stops nothing, one message a task. */
  readonly warnings: readonly string[]
}

/** Documents of each task whose requests are built. */
const firstDocuments = 3

/**
 * Loads tasks (functions, dataset, few-shot pool) and builds their requests without asking a model; says why tasks fail, and what is wrong with
 * documents of the others, of which all are looked at.
 */
export async function checkTasks(
  configs: readonly TaskConfig[],
  { functions, hub, whole, onChecked }: CheckTasksOptions,
): Promise<TaskReport> {
  const reasons = new Map<string, { readonly message: string; readonly tasks: string[] }>()
  let failed = 0
  const warnings: string[] = []
  for (const [done, config] of configs.entries()) {
    onChecked(done, configs.length)
    hub.signal?.throwIfAborted()
    try {
      const prepared = await prepareTask(config, {
        limit: whole ? null : firstDocuments,
        samples: null,
        prompt: { systemInstruction: null, chat: null },
        fewshotSeed: defaultSeed,
        functions,
        hub,
        warnOfAll: true,
      })
      warnings.push(...prepared.warnings)
    } catch (error) {
      if (!InputError.isInstance(error)) throw error
      failed++
      const message = error.message.includes(config.task) ? error.message : `task ${config.task}: ${error.message}`
      // tasks of one group differ in their own name and that of their part of the dataset
      const reason = message.replaceAll(config.task, '').replaceAll(`"${config.datasetName}"`, '')
      const known = reasons.get(reason) ?? { message, tasks: [] }
      known.tasks.push(config.task)
      reasons.set(reason, known)
    }
  }
  return { problems: [...reasons.values()].map(inOneLine), failed, warnings }
}

function inOneLine({ message, tasks: [, ...others] }: { message: string; tasks: readonly string[] }): string {
  if (others.length === 0) return message
  const few = others.slice(0, 3).join(', ')
  return `${message} (so do ${others.length} more: ${few}${others.length > 3 ? ', …' : ''})`
}
