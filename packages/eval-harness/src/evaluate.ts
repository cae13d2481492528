import { type HubOptions, InputError } from '@saeval/hub'
import { loadDataset } from './datasets/load-dataset.js'
import type { FunctionResolver } from './functions/task-function.js'
import type { LanguageModel, LoglikelihoodRequest, LoglikelihoodResult } from './language-model.js'
import { taskMetrics } from './metrics/metric-table.js'
import { multipleChoiceMetrics } from './metrics/multiple-choice.js'
import { type PyDict, PyFloat, type PyValue } from './python/value.js'
import { buildContexts, type PromptOptions } from './requests/build-contexts.js'
import { buildRequests } from './requests/build-requests.js'
import { choiceTexts, inTask, openTask, question, type Task, target } from './requests/task.js'
import { collectResults, type TaskScore } from './results/collect-results.js'
import { sampleLine } from './results/sample-lines.js'
import { leaves, type TaskNode } from './tasks/load-tasks.js'

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
  /** 1234 by default. */
  readonly fewshotSeed?: number
  /** For standard errors that have no formula; 100,000 by default, 0 leaves all of them out. */
  readonly bootstrapIterations?: number
  readonly hub?: HubOptions
  /** What runs the Python functions of task files; without it tasks that have some are refused. */
  readonly functions?: FunctionResolver
  readonly onProgress?: (progress: EvaluationProgress) => void
  readonly signal?: AbortSignal
}

export interface EvaluationProgress {
  readonly stage: 'tasks' | 'requests'
  readonly done: number
  readonly total: number
}

export interface Evaluation {
  /** results.json as far as it depends on the tasks: results, groups, configs, ... */
  readonly results: Map<string, PyValue>
  /** Lines of samples_<task>.jsonl by task. */
  readonly samples: ReadonlyMap<string, readonly PyDict[]>
}

/** The requests of one document. */
interface Asked {
  readonly docId: number
  readonly doc: PyDict
  readonly requests: readonly LoglikelihoodRequest[]
}

/** The filter of tasks without a filter_list. */
const filter = 'none'

/** lm_eval's number of bootstrap draws. */
export const defaultBootstrapIterations = 100_000

/**
 * Evaluates a model on tasks: builds every request, asks the model once for all of them, scores and aggregates. Throws InputError for
 * tasks, documents or options that cannot be evaluated, before the model is asked anything.
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { model, onProgress = () => {}, signal } = options
  const configs = leaves(options.tasks)
  const unknown = [...(options.samples?.keys() ?? [])].find((name) => !configs.some(({ task }) => task === name))
  if (unknown !== undefined)
    throw new InputError(`--samples names task ${unknown}, which is not among the tasks to run`)
  const prompt = promptOptions(options)
  const prepared: { task: Task; metrics: ReturnType<typeof taskMetrics>; asked: Asked[] }[] = []
  for (const [done, config] of configs.entries()) {
    onProgress({ stage: 'tasks', done, total: configs.length })
    signal?.throwIfAborted()
    const metrics = taskMetrics(config.task, config.metricList)
    const dataset = await loadDataset({
      path: config.datasetPath,
      name: config.datasetName,
      kwargs: config.datasetKwargs,
      hub: options.hub ?? {},
    })
    const task = await openTask(config, dataset, options.fewshotSeed ?? 1234)
    prepared.push({ task, metrics, asked: askedOf(task, chosenDocs(task, options), prompt) })
  }
  const requests = prepared.flatMap(({ asked }) => asked.flatMap((document) => document.requests))
  const answers = await model.loglikelihood(requests, {
    onProgress: (done, total) => onProgress({ stage: 'requests', done, total }),
    ...(signal ? { signal } : {}),
  })
  const scores: TaskScore[] = []
  const samples = new Map<string, PyDict[]>()
  let from = 0
  for (const { task, metrics, asked } of prepared) {
    const scored = asked.map((document) => {
      const results = answers.slice(from, from + document.requests.length)
      from += document.requests.length
      return scoreDocument(task, document, results)
    })
    samples.set(task.config.task, scored.map(sampleLine))
    const aggregated = metrics.flatMap((metric) => {
      const items = scored.map((sample) => sample.metrics.get(metric.name)!)
      const value = metric.aggregate(items)
      const stderr = metric.stderr(items, options.bootstrapIterations ?? defaultBootstrapIterations)
      return [
        [`${metric.name},${filter}`, new PyFloat(value)],
        [`${metric.name}_stderr,${filter}`, stderr === null ? 'N/A' : new PyFloat(stderr)],
      ] as const
    })
    scores.push({
      config: task.config,
      metrics: new Map<string, PyValue>(aggregated),
      higherIsBetter: new Map(metrics.map((metric) => [metric.name, metric.higherIsBetter])),
      original: task.docs.length,
      effective: asked.length,
    })
  }
  return { results: collectResults(options.tasks, scores), samples }
}

function promptOptions({
  model,
  applyChatTemplate = false,
  fewshotAsMultiturn = true,
  systemInstruction = null,
}: EvaluateOptions): PromptOptions {
  if (!applyChatTemplate) return { systemInstruction, chat: null }
  if (model.chatTemplate === null) throw new InputError('--apply_chat_template: the model has no chat template')
  return { systemInstruction, chat: { template: model.chatTemplate, fewshotAsMultiturn } }
}

/** Places of the documents to evaluate, in the split's order. */
function chosenDocs({ config, docs }: Task, { limit = null, samples }: EvaluateOptions): number[] {
  const picked = samples?.get(config.task)
  if (picked) {
    const wrong = picked.find((index) => !Number.isInteger(index) || index < 0 || index >= docs.length)
    if (wrong !== undefined)
      throw new InputError(
        `--samples asks for document ${wrong} of task ${config.task}, which has documents 0 to ${docs.length - 1}`,
      )
    return [...new Set(picked)].sort((a, b) => a - b)
  }
  const count = limit === null ? docs.length : limit < 1 ? Math.ceil(docs.length * limit) : Math.floor(limit)
  return docs.slice(0, count).map((_, index) => index)
}

function askedOf(task: Task, docIds: readonly number[], prompt: PromptOptions): Asked[] {
  return docIds.map((docId) =>
    inTask(task.config.task, docId, () => {
      const doc = task.docs[docId]!
      const contexts = buildContexts(task, doc, prompt)
      return { docId, doc, requests: buildRequests(task, doc, contexts, prompt.chat !== null) }
    }),
  )
}

function scoreDocument(task: Task, { docId, doc, requests }: Asked, results: readonly LoglikelihoodResult[]) {
  const answer = target(task, doc)
  const metrics = inTask(task.config.task, docId, () =>
    multipleChoiceMetrics(
      {
        choices: choiceTexts(task, doc),
        gold: task.multipleInput ? question(task, doc) : answer,
        multipleTarget: task.multipleTarget,
        results,
      },
      task.config.metricList.map(({ metric }) => metric),
    ),
  )
  return { docId, doc, target: answer, requests, results, filter, metrics }
}
