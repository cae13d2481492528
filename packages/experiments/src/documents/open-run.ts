import {
  indexTasks,
  loadTasks,
  type PreparedEvaluation,
  type PreparedTask,
  prepareEvaluation,
} from '@saeval/eval-harness'
import { findFunctionsAhead } from '@saeval/eval-harness/internal/find-functions-ahead'
import { leaves } from '@saeval/eval-harness/internal/tasks/load-tasks'
import { builtInTasks } from '@saeval/eval-harness/internal/tasks/task-index'
import { type HubOptions, InputError, type Notice, option, sentence } from '@saeval/hub'
import { type ArgumentKinds, defaultSeed, type ModelArguments, type SteerableModel } from '@saeval/language-model'
import { taskFunctions } from '@saeval/python'
import { openBase, type SplitArguments, splitArguments } from '@saeval/steering/internal/models/open-base'
import type { RunSettings } from '../run-settings.js'

export interface OpenRunOptions<Own extends ArgumentKinds> {
  /** As for a single run. */
  readonly run: RunSettings
  readonly modelArgs: ModelArguments
  /** The command, for messages, and what it takes in model_args beside base_name and the backend's. */
  readonly name: string
  readonly own: Own
  readonly signal?: AbortSignal
  readonly hub?: HubOptions
  readonly onNotice?: Notice
}

/** A model and tasks whose requests are built. */
export interface OpenRun<Own extends ArgumentKinds> {
  readonly baseName: string
  readonly base: SteerableModel
  readonly args: SplitArguments<Own & { readonly base_name: 'string' }>['own']
  readonly prepared: PreparedEvaluation
  /** Prepared tasks of a task's, group's or tag's name. Throws InputError for a name without one. */
  tasksOf(names: readonly string[]): readonly PreparedTask[]
  close(): Promise<void>
}

/** Opens the model and prepares the tasks of a run and `more` ones. Throws InputError for arguments and tasks that cannot be used. */
export async function openRun<Own extends ArgumentKinds>(
  options: OpenRunOptions<Own>,
  more: readonly string[] = [],
): Promise<OpenRun<Own>> {
  const { run, signal, onNotice = () => {} } = options
  const split = splitArguments(options.name, options.modelArgs, { base_name: 'string', ...options.own } as Own & {
    readonly base_name: 'string'
  })
  const args = split.own as OpenRun<Own>['args']
  const baseName = args.base_name as string | undefined
  if (baseName === undefined)
    throw new InputError(sentence`${option('model_args')} needs base_name=…, the model to look into`)
  const index = indexTasks(run.include_path)
  const overrides = {
    numFewshot: run.num_fewshot,
    metadata: new Map([...run.model_args, ...run.metadata]),
    genKwargs: run.gen_kwargs,
  }
  const leavesOf = (name: string) => leaves(loadTasks(index, [name], overrides))
  // a task may be named by itself and by a group
  const named = new Map([...run.tasks, ...more].flatMap(leavesOf).map((config) => [config.task, config]))
  const tasks = [...named.values()].map((config) => ({ kind: 'task', config }) as const)
  const hub = { ...(signal ? { signal } : {}), onNotice, ...options.hub }
  const functions = taskFunctions([builtInTasks, ...run.include_path], {
    ...(signal ? { signal } : {}),
    onSlow: onNotice,
    unsafe: run.confirm_run_unsafe_code,
  })
  findFunctionsAhead(tasks, functions)
  const context = {
    batchSize: run.batch_size,
    maxBatchSize: run.max_batch_size,
    device: run.device,
    gpuMemory: run.gpu_memory,
    notice: onNotice,
    hub,
  }
  const base = await openBase(baseName, split, context).catch(async (error: unknown) => {
    await functions.close()
    throw error
  })
  try {
    const prepared = await prepareEvaluation({
      model: base,
      tasks,
      limit: run.limit,
      samples: run.samples,
      systemInstruction: run.system_instruction,
      applyChatTemplate: run.apply_chat_template,
      fewshotAsMultiturn: run.fewshot_as_multiturn ?? true,
      fewshotSeed: run.seed.fewshot ?? defaultSeed,
      confirmUnsafeCode: run.confirm_run_unsafe_code,
      functions,
      hub,
      onPrepared: (task) => {
        for (const line of task.warnings) onNotice(line, 'warning')
      },
      ...(signal ? { signal } : {}),
    })
    return {
      baseName,
      base,
      args,
      prepared,
      tasksOf: (names) => {
        const own = new Set(names.flatMap(leavesOf).map(({ task }) => task))
        return prepared.tasks.filter(({ task }) => own.has(task.config.task))
      },
      close: async () => {
        await functions.close()
        await base.close()
      },
    }
  } catch (error) {
    await functions.close()
    await base.close()
    throw error
  }
}
