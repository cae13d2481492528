import type { PreparedEvaluation, PreparedTask, TaskNode } from '@saeval/eval-harness'
import { aggregateTask, type MetricValues } from '@saeval/eval-harness/internal/metrics/aggregate-task'
import { aggregateGroup } from '@saeval/eval-harness/internal/results/aggregate-group'
import type { GroupNode } from '@saeval/eval-harness/internal/tasks/load-tasks'
import { type PyDict, PyFloat, type PyValue } from '@saeval/python'
import { FunctionReference } from '@saeval/python/internal/functions/function-reference'
import { numberOf } from '@saeval/python/internal/values/value'
import type { RunResults } from '@saeval/report'
import { cardLines, holdsNoText } from './card-samples.js'

/** Scores of a task or group: "metric,filter" -> value; null where it cannot be computed from samples. */
type Scores = ReadonlyMap<string, number | null>

/**
 * Where the results of a run are not what its samples give, a sentence each: every asked document once under each filter and no others, and every score of tasks and
 * groups. Scores whose documents' values are texts, or lists for a function of the task's own, are not computed again; nor are standard errors.
 */
export async function otherScores({ scores, samples }: RunResults, prepared: PreparedEvaluation): Promise<string[]> {
  const wrong: string[] = []
  const told = new Map<string, Map<string, number>>()
  for (const { task, metric, filter, value } of scores)
    told.set(task, (told.get(task) ?? new Map<string, number>()).set(`${metric},${filter}`, value))
  const entries = new Map<string, PyDict>()
  for (const task of prepared.tasks) {
    const { task: name } = task.task.config
    const own = told.get(name) ?? new Map<string, number>()
    const path = samples.get(name)
    if (path === undefined) {
      wrong.push(`${name} has no samples beside its results`)
      continue
    }
    const lines = await linesOf(task, path)
    wrong.push(...lines.wrong.map((what) => `${name}: ${what}`))
    wrong.push(...differences(name, own, await scoresOf(task, lines.values)))
    const n = task.asked.length
    const other = scores.find((score) => score.task === name && score.n !== n)
    if (other !== undefined) wrong.push(`${name} has ${other.n} documents in the results, and ${n} were asked`)
    const values = [...own].map(([key, value]): [string, PyValue] => [key, new PyFloat(value)])
    entries.set(name, new Map<string, PyValue>([['sample_len', n], ...values]))
  }
  for (const group of entries.size < prepared.tasks.length ? [] : prepared.nodes.flatMap(groupsOf)) {
    const found = [...aggregateGroup(group, entries)].flatMap(([key, value]): [string, number | null][] =>
      key.includes(',') && !key.split(',')[0]!.endsWith('_stderr') ? [[key, numberOf(value)]] : [],
    )
    wrong.push(...differences(group.name, told.get(group.name) ?? new Map(), new Map(found)))
  }
  return wrong
}

function differences(name: string, told: ReadonlyMap<string, number>, found: Scores): string[] {
  return [...new Set([...told.keys(), ...found.keys()])].flatMap((key) => {
    const [one, other] = [told.get(key), found.get(key)]
    if (other === null) return []
    const isSame =
      Object.is(one, other) ||
      (one !== undefined && other !== undefined && Math.abs(one - other) <= 1e-9 * Math.max(1, Math.abs(other)))
    return isSame
      ? []
      : [`${name}, ${key}: the results say ${one ?? 'nothing'}, and the card's own samples give ${other ?? 'nothing'}`]
  })
}

function groupsOf(node: TaskNode): GroupNode[] {
  return node.kind === 'task' ? [] : [...node.children.flatMap(groupsOf), node]
}

/** The documents' values under each metric and filter; null where one is a text or missing. */
async function linesOf(
  { task, asked }: PreparedTask,
  path: string,
): Promise<{
  readonly wrong: readonly string[]
  readonly values: ReadonlyMap<string, MetricValues & { isWhole: boolean }>
}> {
  const { filters } = task.config
  const wrong: string[] = []
  const missing = new Map(filters.map(({ name }) => [name, new Set(asked.map(({ docId }) => docId))]))
  const values = new Map<string, MetricValues & { isWhole: boolean }>()
  for await (const { line } of cardLines(path, task.docs.length * filters.length)) {
    const [docId, filter, metrics] = ['doc_id', 'filter', 'metrics'].map((name) => line.get(name))
    // a second line of one document is not among those that are missing either
    if (!missing.get(String(filter))?.delete(Number(docId)))
      wrong.push(`document ${Number(docId)} has a line more in the card's samples than was asked`)
    for (const metric of Array.isArray(metrics) ? (metrics as readonly PyValue[]) : []) {
      const key = `${String(metric)},${String(filter)}`
      const own = values.get(key) ?? { metric: String(metric), filter: String(filter), items: [], isWhole: true }
      const value = line.get(String(metric)) ?? null
      own.isWhole &&= value !== null && holdsNoText(value)
      own.items.push(value)
      values.set(key, own)
    }
  }
  for (const [filter, documents] of missing)
    for (const docId of documents) wrong.push(`document ${docId} has no line of filter ${filter} in the card's samples`)
  return { wrong: wrong.slice(0, mostNamed), values }
}

/** Lines of one file that are named. */
const mostNamed = 3

async function scoresOf(
  { task, metrics }: PreparedTask,
  values: ReadonlyMap<string, MetricValues & { isWhole: boolean }>,
): Promise<Scores> {
  const scores = new Map<string, number | null>()
  for (const [key, { isWhole, ...own }] of values) {
    const declared = metrics.find(({ config }) => config.name === own.metric)?.config.aggregation
    // lists were tuples once, which a function may tell apart
    const isKnown = isWhole && !(declared instanceof FunctionReference && own.items.some(Array.isArray))
    if (!isKnown) scores.set(key, null)
    else {
      const options = { bootstrapIterations: 0, onBootstrap: () => {} }
      const found = await aggregateTask([own], metrics, task.functions, options)
      const value = numberOf(found.get(key))
      if (value !== null) scores.set(key, value)
    }
  }
  return scores
}
