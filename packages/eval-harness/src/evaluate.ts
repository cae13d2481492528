import { type HubOptions, InputError, option, sentence } from '@saeval/hub'
import { checkModel, defaultSeed, type LanguageModel } from '@saeval/language-model'
import type { FunctionResolver } from '@saeval/python/internal/functions/task-function'
import type { PyDict } from '@saeval/python/internal/values/value'
import { askModel, type KindProgress } from './ask-model.js'
import type { RequestCache } from './cache/cached-requests.js'
import { checkStandIn } from './metrics/asking-metrics.js'
import { type PreparedTask, prepareTask } from './prepare-task.js'
import type { PromptOptions } from './requests/build-contexts.js'
import { collectResults, type Evaluation, type TaskScore } from './results/collect-results.js'
import { scoreTask } from './score-task.js'
import { leaves, type TaskNode } from './tasks/load-tasks.js'
import type { TaskConfig } from './tasks/task-config.js'

export interface EvaluateOptions {
  readonly model: LanguageModel
  /** From loadTasks. */
  readonly tasks: readonly TaskNode[]
  /** Documents per task: a number, or below 1 a fraction (rounded up). */
  readonly limit?: number | null
  /** Documents of each task by their place in the split; the other tasks are evaluated whole. */
  readonly samples?: ReadonlyMap<string, readonly number[]> | null
  readonly systemInstruction?: string | null
  /** Use the model's chat template. */
  readonly applyChatTemplate?: boolean
  /** With a chat template: few-shot examples as turns of their own (default) or in one. */
  readonly fewshotAsMultiturn?: boolean
  /** `defaultSeed` of @saeval/language-model where it is left out. */
  readonly fewshotSeed?: number
  /** Seed of sampled generation; `defaultSeed` too. */
  readonly generationSeed?: number
  /** For standard errors that have no formula; 100,000 by default, 0 leaves all of them out. */
  readonly bootstrapIterations?: number
  /** Whether tasks that say unsafe_code (they run what the model writes) may run. */
  readonly confirmUnsafeCode?: boolean
  readonly hub?: HubOptions
  /** Folder that relative paths of local data are looked up in; the working folder by default. */
  readonly dataFolder?: string
  /** Keeps the requests of tasks; without it they are always built. */
  readonly requestCache?: RequestCache
  /** What runs the Python functions of task files; without it tasks that have some are refused. */
  readonly functions?: FunctionResolver
  readonly onProgress?: (progress: EvaluationProgress) => void
  /** Called when the model has read all requests, before it is asked; what it throws ends the evaluation. */
  readonly onPlanned?: (kinds: readonly KindProgress[]) => void | Promise<void>
  /** Called for each task when its requests are built, before the model is asked. */
  readonly onPrepared?: (prepared: PreparedTask) => void | Promise<void>
  /** Called with the name of lm_eval's function before each resampling of a standard error. */
  readonly onBootstrap?: (functionName: string) => void
  readonly signal?: AbortSignal
}

/** Tasks whose requests are built, or how far the requests are. */
export type EvaluationProgress =
  | { readonly stage: 'tasks'; readonly done: number; readonly total: number }
  | { readonly stage: 'requests'; readonly kinds: readonly KindProgress[] }

/** lm_eval's number of bootstrap draws. */
export const defaultBootstrapIterations = 100_000

/** Tasks whose requests are built, ready for any number of models that read the same prompts. */
export interface PreparedEvaluation {
  readonly nodes: readonly TaskNode[]
  readonly tasks: readonly PreparedTask[]
}

/**
 * Evaluates a model on tasks: builds every request, asks the model once for all of them, filters, scores and aggregates. Throws InputError
 * for tasks, documents or options that cannot be evaluated, before the model is asked anything where that can be known; an Error for a model
 * that is not whole.
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  checkModel(options.model)
  return evaluatePrepared(await prepareEvaluation(options), options)
}

/** The first half of evaluate: builds the requests of all tasks. The model is only asked for its chat template. */
export async function prepareEvaluation(options: EvaluateOptions): Promise<PreparedEvaluation> {
  const { onProgress = () => {}, signal } = options
  const configs = leaves(options.tasks)
  checkTasks(configs, options)
  const prompt = promptOptions(options)
  const tasks: PreparedTask[] = []
  for (const [done, config] of configs.entries()) {
    onProgress({ stage: 'tasks', done, total: configs.length })
    signal?.throwIfAborted()
    const task = await prepareTask(config, {
      limit: options.limit ?? null,
      samples: options.samples?.get(config.task) ?? null,
      prompt,
      fewshotSeed: options.fewshotSeed ?? defaultSeed,
      ...(options.functions ? { functions: options.functions } : {}),
      ...(options.dataFolder === undefined ? {} : { dataFolder: options.dataFolder }),
      hub: { ...options.hub, ...(signal ? { signal } : {}) },
      ...(options.requestCache ? { requestCache: options.requestCache } : {}),
    })
    await options.onPrepared?.(task)
    tasks.push(task)
  }
  return { nodes: options.tasks, tasks }
}

/**
 * The second half of evaluate: asks a model, filters, scores and aggregates. Throws InputError where a metric asks a model whose device is not here, and what
 * the model throws.
 */
export async function evaluatePrepared(
  { nodes, tasks }: PreparedEvaluation,
  options: Pick<
    EvaluateOptions,
    'model' | 'generationSeed' | 'bootstrapIterations' | 'onProgress' | 'onPlanned' | 'onBootstrap' | 'signal'
  >,
): Promise<Evaluation> {
  const { onProgress = () => {}, signal } = options
  checkStandIn(tasks, options.model)
  const answers = await askModel(options.model, tasks, {
    onProgress: (kinds) => onProgress({ stage: 'requests', kinds }),
    ...(options.onPlanned ? { onPlanned: options.onPlanned } : {}),
    seed: options.generationSeed ?? defaultSeed,
    ...(signal ? { signal } : {}),
  })
  const scores: TaskScore[] = []
  const samples = new Map<string, readonly PyDict[]>()
  for (const [index, task] of tasks.entries()) {
    signal?.throwIfAborted()
    const scored = await scoreTask(task, answers[index]!, {
      model: options.model,
      bootstrapIterations: options.bootstrapIterations ?? defaultBootstrapIterations,
      onBootstrap: options.onBootstrap ?? (() => {}),
      ...(signal ? { signal } : {}),
    })
    scores.push(scored.score)
    samples.set(task.task.config.task, scored.samples)
  }
  return { results: collectResults(nodes, scores), samples }
}

function checkTasks(configs: readonly TaskConfig[], { samples, confirmUnsafeCode }: EvaluateOptions): void {
  const unknown = [...(samples?.keys() ?? [])].find((name) => !configs.some(({ task }) => task === name))
  if (unknown !== undefined)
    throw new InputError(sentence`${option('samples')} names task ${unknown}, which is not among the tasks to run`)
  const unsafe = configs.find(({ unsafeCode }) => unsafeCode)
  if (unsafe !== undefined && !confirmUnsafeCode)
    throw new InputError(
      sentence`task ${unsafe.task} runs code that the model writes; ${option('confirmUnsafeCode')} says that this is wanted`,
    )
}

function promptOptions({
  model,
  applyChatTemplate = false,
  fewshotAsMultiturn = true,
  systemInstruction = null,
}: EvaluateOptions): PromptOptions {
  if (!applyChatTemplate) return { systemInstruction, chat: null }
  if (model.chatTemplate === null)
    throw new InputError(sentence`${option('applyChatTemplate')}: the model has no chat template`)
  return { systemInstruction, chat: { template: model.chatTemplate, fewshotAsMultiturn } }
}
