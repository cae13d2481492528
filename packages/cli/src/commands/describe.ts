import { describePrompts, indexTasks, loadTasks, prepareTask } from '@saeval/eval-harness'
import { findFunctionsAhead } from '@saeval/eval-harness/internal/find-functions-ahead'
import { leaves } from '@saeval/eval-harness/internal/tasks/load-tasks'
import { builtInTasks } from '@saeval/eval-harness/internal/tasks/task-index'
import { type PyDict, taskFunctions } from '@saeval/python'
import { openTerminal } from '../terminal/terminal.js'
import type { VerbosityOptions } from '../terminal/verbosity.js'
import type { Surroundings } from './run.js'

/** The flags of `saeval describe`. */
export interface DescribeOptions extends VerbosityOptions {
  readonly include_path?: readonly string[]
  readonly limit: number
  readonly num_fewshot?: number
  readonly seed: number
  readonly system_instruction?: string
  readonly gen_kwargs?: PyDict
  readonly metadata?: PyDict
}

/** `saeval describe TASK`: the first documents' full prompts and targets, as a model without a chat template gets them. */
export async function describe(
  words: readonly string[],
  options: DescribeOptions,
  { stdout, stderr, signal }: Surroundings,
): Promise<void> {
  const roots = options.include_path ?? []
  const tasks = loadTasks(indexTasks(roots), words, {
    numFewshot: options.num_fewshot ?? null,
    genKwargs: options.gen_kwargs ?? null,
    metadata: options.metadata ?? new Map(),
  })
  const terminal = openTerminal(stderr, options)
  const functions = taskFunctions([builtInTasks, ...roots], { signal, onSlow: terminal.info })
  findFunctionsAhead(tasks, functions)
  try {
    for (const config of leaves(tasks)) {
      signal.throwIfAborted()
      const prepared = await prepareTask(config, {
        limit: options.limit,
        samples: null,
        prompt: { systemInstruction: options.system_instruction ?? null, chat: null },
        fewshotSeed: options.seed,
        functions,
        hub: { signal, onProgress: terminal.download, onNotice: terminal.warn },
      })
      terminal.clear()
      stdout.write(`${await describePrompts(prepared, options.limit)}\n`)
    }
  } finally {
    terminal.clear()
    await functions.close()
  }
}
