import { checkTasks, indexTasks, loadTasks } from '@saeval/eval-harness'
import { leaves } from '@saeval/eval-harness/internal/tasks/load-tasks'
import { builtInTasks } from '@saeval/eval-harness/internal/tasks/task-index'
import { InputError } from '@saeval/hub'
import { taskFunctions } from '@saeval/python'
import { inFlags } from '../options/flag-words.js'
import { openTerminal } from '../terminal/terminal.js'
import type { VerbosityOptions } from '../terminal/verbosity.js'
import type { Surroundings } from './run.js'

/** The flags of `saeval validate`. */
export interface ValidateOptions extends VerbosityOptions {
  readonly include_path?: readonly string[]
  readonly metadata?: ReadonlyMap<string, never>
}

/**
 * `saeval validate`: loads every task (file, functions, dataset) and builds its first documents' requests. Prints what is wrong with each
 * task; throws Error when something is.
 */
export async function validate(
  words: readonly string[],
  options: ValidateOptions,
  { stdout, stderr, signal }: Surroundings,
): Promise<void> {
  const roots = options.include_path ?? []
  const index = indexTasks(roots, { whole: true })
  const terminal = openTerminal(stderr, options)
  const functions = taskFunctions([builtInTasks, ...roots], { signal, onSlow: terminal.info })
  const unloaded: string[] = []
  try {
    const configs = words.flatMap((word) =>
      tryLoad(() => leaves(loadTasks(index, [word], { numFewshot: null })), unloaded),
    )
    const { problems, failed, warnings } = await checkTasks(configs, {
      functions,
      hub: { signal, onProgress: terminal.download, onNotice: terminal.warn },
      whole: false,
      onChecked: (done, total) =>
        terminal.status({ what: `checked ${done} of ${total} tasks`, share: done / total, rate: null, left: null }),
    })
    terminal.clear()
    for (const line of [...index.problems, ...warnings, ...unloaded, ...problems]) stdout.write(`${line}\n`)
    const wrong = failed + unloaded.length
    if (wrong > 0) throw new Error(`${wrong} of ${configs.length + unloaded.length} tasks cannot be run`)
    stdout.write(`${configs.length} tasks can be run\n`)
  } finally {
    terminal.clear()
    await functions.close()
  }
}

function tryLoad<Value>(load: () => Value[], problems: string[]): Value[] {
  try {
    return load()
  } catch (error) {
    if (!InputError.isInstance(error)) throw error
    problems.push(inFlags(error))
    return []
  }
}
