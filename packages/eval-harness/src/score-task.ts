import type { PyDict, PyValue } from '@saeval/python/internal/values/value'
import type { RequestAnswers } from './ask-model.js'
import { inTask } from './documents/in-task.js'
import { applyPipeline } from './filters/apply-pipeline.js'
import { type AggregateOptions, aggregateTask, type MetricValues } from './metrics/aggregate-task.js'
import type { PreparedTask } from './prepare-task.js'
import { target } from './requests/task.js'
import type { TaskScore } from './results/collect-results.js'
import { sampleLine } from './results/sample-lines.js'
import { processResults } from './scoring/process-results.js'
import { takeTurns } from './turns/take-turns.js'

/** A task's results and sample lines. */
export interface ScoredTask {
  readonly score: TaskScore
  readonly samples: readonly PyDict[]
}

/** Filters a task's answers (one list for each request, in order), scores every document under every filter, and aggregates. */
export async function scoreTask(
  { task, metrics, asked }: PreparedTask,
  answers: readonly RequestAnswers[],
  options: AggregateOptions,
): Promise<ScoredTask> {
  const { config } = task
  const docs = asked.flatMap(({ doc, requests }) => requests.map(() => doc))
  const values = new Map<string, MetricValues>()
  const samples: PyDict[] = []
  for (const pipeline of config.filters) {
    const filtered = await inTask(config.task, null, () => applyPipeline(pipeline, answers, docs, task.functions))
    let from = 0
    for (const { docId, doc, requests } of asked) {
      await takeTurns(options.signal)
      const place = [from, from + requests.length] as const
      from += requests.length
      const results = filtered.slice(...place)
      const scores = await inTask(config.task, docId, () => processResults(task, metrics, doc, results))
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
          answers: answers.slice(...place),
          filtered: results,
          filter: pipeline.name,
          metrics: scores,
        }),
      )
    }
  }
  const all = [...values.values()]
  const score: TaskScore = {
    config,
    dump: task.dump,
    metrics: await inTask(config.task, null, () => aggregateTask(all, metrics, task.functions, options)),
    higherIsBetter: new Map(metrics.map((metric) => [metric.config.name, metric.config.higherIsBetter])),
    original: task.docs.length,
    effective: Math.max(0, ...all.map(({ items }) => items.length)),
  }
  return { score, samples }
}
