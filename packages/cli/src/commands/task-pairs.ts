import { indexTasks, loadTasks, prepareTask } from '@saeval/eval-harness'
import { type ContrastPair, contrastPairs } from '@saeval/eval-harness/internal/contrast-pairs'
import { findFunctionsAhead } from '@saeval/eval-harness/internal/find-functions-ahead'
import { leaves } from '@saeval/eval-harness/internal/tasks/load-tasks'
import { builtInTasks } from '@saeval/eval-harness/internal/tasks/task-index'
import { type HubOptions, InputError } from '@saeval/hub'
import { taskFunctions } from '@saeval/python'
import { splitWords } from '../options/parse-option.js'
import type { Terminal } from '../terminal/terminal.js'

/** Which tasks' answers are paired. */
export interface TaskPairsOptions {
  readonly tasks: readonly string[]
  readonly includePath: readonly string[]
  /** Documents of each task, a number or a share; null takes all. */
  readonly limit: number | null
  readonly hub: HubOptions & { readonly signal: AbortSignal }
  readonly terminal: Terminal
}

/** Each right answer of tasks of multiple choice beside each wrong one, asked without few-shot examples. Throws InputError where there is none. */
export async function taskPairs({
  tasks: names,
  includePath,
  limit,
  hub,
  terminal,
}: TaskPairsOptions): Promise<readonly ContrastPair[]> {
  const words = splitWords(names)
  const tasks = loadTasks(indexTasks(includePath), words, { numFewshot: 0, genKwargs: null, metadata: new Map() })
  const functions = taskFunctions([builtInTasks, ...includePath], { signal: hub.signal, onSlow: terminal.info })
  findFunctionsAhead(tasks, functions)
  const pairs: ContrastPair[] = []
  try {
    for (const config of leaves(tasks)) {
      hub.signal.throwIfAborted()
      const prompt = { systemInstruction: null, chat: null }
      const options = { limit, samples: null, prompt, fewshotSeed: 0, functions, hub }
      const made = await contrastPairs(await prepareTask(config, options))
      if (made.without > 0)
        terminal.warn(`task ${config.task}: ${made.without} documents without a right and a wrong answer give no pair`)
      for (const pair of made.pairs) pairs.push(pair)
    }
  } finally {
    terminal.clear()
    await functions.close()
  }
  if (pairs.length === 0) throw new InputError(`${words.join(', ')}: no document has a right and a wrong answer`)
  return pairs
}
