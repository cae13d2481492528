import { InputError, option, sentence } from '@saeval/hub'
import type { PyDict } from '@saeval/python/internal/values/value'
import { cachedRequests, type RequestCache } from './cache/cached-requests.js'
import { inTask } from './documents/in-task.js'
import type { OpenMetric } from './metrics/generation.js'
import { buildContexts, type PromptOptions } from './requests/build-contexts.js'
import { buildRequests } from './requests/build-requests.js'
import { type OpenTaskOptions, openTask, type Task } from './requests/task.js'
import type { TaskRequest } from './requests/task-request.js'
import { neverRight } from './scoring/never-right.js'
import type { TaskConfig } from './tasks/task-config.js'
import { takeTurns } from './turns/take-turns.js'

/** Which documents of a task are evaluated. */
export interface DocChoice {
  /** A number of documents, or below 1 a fraction (rounded up); null takes all. */
  readonly limit: number | null
  /** Places in the split; instead of limit. */
  readonly samples: readonly number[] | null
}

/** The requests of one document. */
export interface Asked {
  /** Place in the split. */
  readonly docId: number
  readonly doc: PyDict
  readonly requests: readonly TaskRequest[]
}

/** A task whose requests are built. */
export interface PreparedTask {
  readonly task: Task
  readonly metrics: readonly OpenMetric[]
  readonly asked: readonly Asked[]
  /** What is wrong with the documents and stops nothing: those that can never be right. */
  readonly warnings: readonly string[]
}

export interface PrepareOptions extends OpenTaskOptions, DocChoice {
  readonly prompt: PromptOptions
  /** Keeps the requests; without it they are always built. */
  readonly requestCache?: RequestCache
  /** Looks for warnings in all documents, not only in the chosen ones. */
  readonly warnOfAll?: boolean
}

const mostAnswers = 10_000_000

/** Opens a task and builds the requests of its documents, in their order. Throws InputError naming task and document. */
export async function prepareTask(config: TaskConfig, options: PrepareOptions): Promise<PreparedTask> {
  const signal = options.hub?.signal
  const task = await openTask(config, options)
  const metrics = config.metricList.map((metric) => ({
    config: metric,
    function: metric.function === null ? null : (task.functions.get(metric.function) ?? null),
  }))
  const chosen = chosenDocs(task, options)
  const docs = await task.docs.rows(0, (chosen.at(-1) ?? -1) + 1)
  const build = async () => {
    const built: TaskRequest[][] = []
    for (const docId of chosen) {
      await takeTurns(signal)
      const doc = docs[docId]!
      const requests = await inTask(config.task, docId, async () => {
        const contexts = await buildContexts(task, doc, options.prompt)
        return buildRequests(task, doc, contexts, options.prompt.chat !== null)
      })
      built.push(requests)
    }
    return built
  }
  const { requestCache, prompt, fewshotSeed } = options
  const own = chosen.map((docId) => docs[docId]!)
  const requests = requestCache
    ? await cachedRequests({ ...requestCache, task, docs: own, docIds: chosen, prompt, seed: fewshotSeed, build })
    : await build()
  const looked = options.warnOfAll === true ? task.docs.length : null
  const warnings =
    looked === null
      ? await neverRight(task, own, chosen, signal)
      : await neverRight(task, await task.docs.rows(0, looked), [...Array(looked).keys()], signal)
  const answers = requests.reduce((sum, { length }) => sum + length, 0) * config.repeats
  if (answers > mostAnswers)
    throw new InputError(
      `task ${config.task}: repeats ${config.repeats} asks for ${answers} answers, more than ${mostAnswers} are held in memory`,
    )
  return {
    task,
    metrics,
    warnings,
    asked: chosen.map((docId, index): Asked => ({ docId, doc: own[index]!, requests: requests[index]! })),
  }
}

/** Places of the documents to evaluate, in the split's order. */
function chosenDocs({ config, docs }: Task, { limit, samples }: DocChoice): number[] {
  if (samples !== null) {
    const wrong = samples.find((index) => !Number.isInteger(index) || index < 0 || index >= docs.length)
    if (wrong !== undefined)
      throw new InputError(
        sentence`${option('samples')} asks for document ${wrong} of task ${config.task}, which has documents 0 to ${docs.length - 1}`,
      )
    return [...new Set(samples)].sort((a, b) => a - b)
  }
  const count = limit === null ? docs.length : limit < 1 ? Math.ceil(docs.length * limit) : Math.floor(limit)
  return Array.from({ length: Math.min(count, docs.length) }, (_, index) => index)
}
