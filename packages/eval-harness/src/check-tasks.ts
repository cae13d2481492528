import { type HubOptions, InputError } from '@saeval/hub'
import type { FunctionResolver } from './functions/task-function.js'
import { prepareTask } from './prepare-task.js'
import type { TaskConfig } from './tasks/task-config.js'

export interface CheckTasksOptions {
  readonly functions: FunctionResolver
  readonly hub: HubOptions
  /** Builds the requests of every document, not only of the first ones. */
  readonly whole: boolean
  readonly onChecked: (done: number, total: number) => void
}

/** Documents of each task whose requests are built. */
const firstDocuments = 3

/** Loads tasks (functions, dataset, few-shot pool) and builds their requests without asking a model; gives one message for each task that fails. */
export async function checkTasks(
  configs: readonly TaskConfig[],
  { functions, hub, whole, onChecked }: CheckTasksOptions,
): Promise<{ readonly problems: readonly string[] }> {
  const problems: string[] = []
  for (const [done, config] of configs.entries()) {
    onChecked(done, configs.length)
    hub.signal?.throwIfAborted()
    try {
      await prepareTask(config, {
        limit: whole ? null : firstDocuments,
        samples: null,
        prompt: { systemInstruction: null, chat: null },
        fewshotSeed: 1234,
        functions,
        hub,
      })
    } catch (error) {
      if (!InputError.isInstance(error)) throw error
      problems.push(error.message.includes(config.task) ? error.message : `task ${config.task}: ${error.message}`)
    }
  }
  return { problems }
}
