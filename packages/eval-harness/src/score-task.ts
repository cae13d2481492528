import type { PyDict, PyValue } from '@saeval/python/internal/values/value'
import type { RequestAnswers } from './ask-model.js'
import { inTask } from './documents/in-task.js'
import { applyPipeline } from './filters/apply-pipeline.js'
import { type AggregateOptions, aggregateTask, type MetricValues } from './metrics/aggregate-task.js'
import { askingMetrics } from './metrics/asking-metrics.js'
import type { OpenMetric } from './metrics/generation.js'
import type { MetricContext, MetricQuestion } from './metrics/metric-question.js'
import { scoreAllByOwnMetric } from './metrics/own-metrics.js'
import type { PreparedTask } from './prepare-task.js'
import { target } from './requests/task.js'
import type { TaskScore } from './results/collect-results.js'
import { sampleLine } from './results/sample-lines.js'
import { processResults, questionOf, type ScoredAnswers } from './scoring/process-results.js'
import { takeTurns } from './turns/take-turns.js'

/** A task's results and sample lines. */
export interface ScoredTask {
  readonly score: TaskScore
  readonly samples: readonly PyDict[]
}

export type ScoreOptions = AggregateOptions & Pick<MetricContext, 'model'>

/** Filters a task's answers (one list for each request, in order), scores every document under every filter, and aggregates. */
export async function scoreTask(
  { task, metrics, asked }: PreparedTask,
  answers: readonly RequestAnswers[],
  options: ScoreOptions,
): Promise<ScoredTask> {
  const { config } = task
  const docs = asked.flatMap(({ doc, requests }) => requests.map(() => doc))
  const values = new Map<string, MetricValues>()
  const names = new Set(metrics.map((metric) => metric.config.name))
  const derived = new Map<string, OpenMetric>()
  const samples: PyDict[] = []
  for (const pipeline of config.filters) {
    const filtered = await inTask(config.task, null, () => applyPipeline(pipeline, answers, docs, task.functions))
    let from = 0
    const documents = asked.map(({ docId, doc, requests }) => {
      const place = [from, from + requests.length] as const
      from += requests.length
      return { docId, doc, requests, answers: answers.slice(...place), results: filtered.slice(...place) }
    })
    const known = await knownValues(task, metrics, documents, options)
    for (const [index, document] of documents.entries()) {
      await takeTurns(options.signal)
      const { docId, doc, requests, results } = document
      const own = new Map([...known].map(([name, list]) => [name, list[index]!]))
      const scores = await inTask(config.task, docId, () => processResults(task, metrics, document, own, derived))
      for (const [metric, value] of scores) {
        const key = `${metric},${pipeline.name}`
        const known = values.get(key) ?? { metric, filter: pipeline.name, items: [] as PyValue[] }
        known.items.push(value)
        values.set(key, known)
      }
      samples.push(
        sampleLine({
          docId,
          doc,
          target: await inTask(config.task, docId, () => target(task, doc)),
          requests,
          answers: document.answers,
          filtered: results,
          filter: pipeline.name,
          metrics: scores,
        }),
      )
    }
  }
  const all = [...values.values()]
  const named = [...metrics, ...[...derived.values()].filter(({ config: { name } }) => !names.has(name))]
  const score: TaskScore = {
    config,
    dump: task.dump,
    metrics: await inTask(config.task, null, () => aggregateTask(all, named, task.functions, options)),
    higherIsBetter: new Map(named.map((metric) => [metric.config.name, metric.config.higherIsBetter])),
    original: task.docs.length,
    effective: Math.max(0, ...all.map(({ items }) => items.length)),
  }
  return { score, samples }
}

/** The values of metrics that take all documents at once, by name. */
async function knownValues(
  task: PreparedTask['task'],
  metrics: PreparedTask['metrics'],
  documents: readonly (ScoredAnswers & { readonly docId: number })[],
  { model, signal }: ScoreOptions,
): Promise<ReadonlyMap<string, readonly PyValue[]>> {
  const { config } = task
  const wanted = askingMetrics({ task, metrics })
  const known = new Map<string, readonly PyValue[]>()
  if (wanted.length === 0) return known
  const questions: MetricQuestion[] = []
  for (const document of documents)
    questions.push(await inTask(config.task, document.docId, () => questionOf(task, document)))
  for (const { config: metric } of wanted) {
    const context = { model, ...(signal ? { signal } : {}) }
    const values = await inTask(config.task, null, () =>
      scoreAllByOwnMetric(metric.name, questions, metric.settings, context),
    )
    known.set(metric.name, values)
  }
  return known
}
