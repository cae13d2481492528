import {
  indexTasks,
  loadTasks,
  type PreparedEvaluation,
  type PreparedTask,
  prepareEvaluation,
  type TaskNode,
} from '@saeval/eval-harness'
import { findFunctionsAhead } from '@saeval/eval-harness/internal/find-functions-ahead'
import { builtInTasks } from '@saeval/eval-harness/internal/tasks/task-index'
import type { HubOptions, Notice } from '@saeval/hub'
import { defaultSeed, type LanguageModel, type MeasuredNumbers, type ModelContext } from '@saeval/language-model'
import { taskFunctions } from '@saeval/python'

import type { RunSettings } from './run-settings.js'

/** Who is told of what while a model and tasks are opened. */
export interface Opening {
  readonly signal?: AbortSignal
  /** How files of the hub are fetched. */
  readonly hub?: HubOptions
  /** Lines for the user. */
  readonly onNotice?: Notice
  /** Tasks whose requests are built. */
  readonly onTasks?: (progress: { readonly stage: 'tasks'; readonly done: number; readonly total: number }) => void

  /** Called with each task when its requests are built. */
  readonly onPrepared?: (task: PreparedTask) => void
  /** Whether the model is to plan only, where its weights are not here. */
  readonly withoutDownload?: boolean
  /** Whether the CPU may stand in for a named device that is not here: for plans, which others work on. */
  readonly standIn?: boolean
  /** Numbers that edits measure on the model: those that are known, and a place for others. */
  readonly measured?: MeasuredNumbers
  /** Folder that relative paths of local data are looked up in; the working folder by default. */
  readonly dataFolder?: string
}

/** A model that is loaded, and tasks whose prompts are built for it. */
export interface OpenEvaluation<Model extends LanguageModel> {
  readonly model: Model
  /** What the model was opened with, for what is opened beside it. */
  readonly context: ModelContext
  readonly prepared: PreparedEvaluation
  close(): Promise<void>
}

/** Tasks, groups and tags as a run has them: its own, or those of `names`. Throws InputError for unknown ones. */
export function tasksOfRun(run: RunSettings, names: readonly string[] = run.tasks): TaskNode[] {
  return loadTasks(indexTasks(run.include_path), names, {
    numFewshot: run.num_fewshot,
    metadata: new Map([...run.model_args, ...run.metadata]),
    genKwargs: run.gen_kwargs,
    predictOnly: run.predict_only ?? false,
  })
}

/** Opens a model as a run says, and prepares tasks for it. Throws InputError for what cannot be used. */
export async function openEvaluation<Model extends LanguageModel>(
  run: RunSettings,
  tasks: readonly TaskNode[],
  openModel: (context: ModelContext) => Promise<Model>,
  {
    signal,
    hub: given,
    onNotice = () => {},
    onTasks = () => {},
    onPrepared,
    withoutDownload = false,
    standIn = false,
    measured,
    dataFolder,
  }: Opening,
): Promise<OpenEvaluation<Model>> {
  const stoppedBy = signal ? { signal } : {}
  const hub = { ...stoppedBy, onNotice, ...given }
  const functions = taskFunctions([builtInTasks, ...run.include_path], {
    ...stoppedBy,
    onSlow: onNotice,
    unsafe: run.confirm_run_unsafe_code,
  })
  findFunctionsAhead(tasks, functions)
  const context: ModelContext = {
    batchSize: run.batch_size,
    maxBatchSize: run.max_batch_size,
    device: run.device,
    gpuMemory: run.gpu_memory,
    notice: onNotice,
    withoutDownload,
    standIn,
    ...(measured && { measured }),
    hub,
  }
  let model: Model | null = null
  const close = async () => {
    await functions.close()
    await model?.close()
  }
  try {
    model = await openModel(context)
    const prepared = await prepareEvaluation({
      model,
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
      ...(dataFolder === undefined ? {} : { dataFolder }),
      onProgress: (progress) => {
        if (progress.stage === 'tasks') onTasks(progress)
      },
      onPrepared: (task) => {
        for (const line of task.warnings) onNotice(line, 'warning')
        onPrepared?.(task)
      },
      ...stoppedBy,
    })
    return { model, context, prepared, close }
  } catch (error) {
    await close()
    throw error
  }
}
