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
  const lines: string[] = []
  try {
    let checked = 0
    let unloaded = 0
    for (const word of words) {
      signal.throwIfAborted()
      const configs = tryLoad(() => leaves(loadTasks(index, [word], { numFewshot: null })), lines)
      if (configs.length === 0) unloaded++
      const { problems } = await checkTasks(configs, {
        functions,
        hub: { signal, onProgress: progress.download, onNotice: progress.notice },
        whole: false,
        onChecked: (done, total) => progress.update({ stage: 'tasks', done, total }),
      })
      lines.push(...problems)
      checked += configs.length
    }
    progress.clear()
    for (const problem of [...index.problems, ...lines]) stdout.write(`${problem}\n`)
    if (lines.length > 0) throw new Error(`${lines.length} of ${checked + unloaded} tasks cannot be run`)
    stdout.write(`${checked} tasks can be run\n`)
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
