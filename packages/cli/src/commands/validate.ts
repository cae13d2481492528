import { builtInTasks, checkTasks, indexTasks, leaves, loadTasks, taskFunctions } from '@saeval/eval-harness'
import { InputError } from '@saeval/hub'
import { progressLine } from '../progress.js'
import type { Surroundings } from './run.js'

/** The flags of `saeval validate`. */
export interface ValidateOptions {
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
  const progress = progressLine(stderr)
  const functions = taskFunctions([builtInTasks, ...roots], { signal, onSlow: progress.notice })
  const unloaded: string[] = []
  try {
    const configs = words.flatMap((word) =>
      tryLoad(() => leaves(loadTasks(index, [word], { numFewshot: null })), unloaded),
    )
    const { problems, failed, warnings } = await checkTasks(configs, {
      functions,
      hub: { signal, onProgress: progress.download, onNotice: progress.notice },
      whole: false,
      onChecked: (done, total) => progress.update({ stage: 'tasks', done, total }),
    })
    progress.clear()
    for (const line of [...index.problems, ...warnings, ...unloaded, ...problems]) stdout.write(`${line}\n`)
    const wrong = failed + unloaded.length
    if (wrong > 0) throw new Error(`${wrong} of ${configs.length + unloaded.length} tasks cannot be run`)
    stdout.write(`${configs.length} tasks can be run\n`)
  } finally {
    progress.clear()
    await functions.close()
  }
}

function tryLoad<Value>(load: () => Value[], problems: string[]): Value[] {
  try {
    return load()
  } catch (error) {
    if (!InputError.isInstance(error)) throw error
    problems.push(error.message)
    return []
  }
}
