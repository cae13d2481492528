import { numberOf, type PyDict, PyFloat, type PyValue } from '@saeval/python/internal/values/value'
import { aggregateScores, pooledStderr, unweightedStderr } from '../metrics/stderr.js'
import { type GroupNode, leafNames } from '../tasks/load-tasks.js'

/** A group's entry in results.json from those of its tasks: alias and name, and for groups that average something the means. */
export function aggregateGroup(group: GroupNode, tasks: ReadonlyMap<string, PyDict>): PyDict {
  const entry = new Map<string, PyValue>([
    ['alias', group.alias],
    ['name', group.name],
  ])
  if (group.metrics.length === 0) return entry
  const members = leafNames(group).map((name) => tasks.get(name)!)
  entry.set('sample_len', sum(members.map((member) => member.get('sample_len') as number)))
  const counts = new Map<string, number>()
  for (const { metric, filters, weightBySize } of group.metrics) {
    for (const filter of filters ?? filtersOf(metric, members)) {
      const key = `${metric},${filter}`
      const having = members.filter((member) => member.has(key))
      if (having.length === 0) continue
      const sizes = having.map((member) => member.get('sample_len') as number)
      const stderrs = having.map((member) => numberOf(member.get(`${metric}_stderr,${filter}`)))
      entry.set(
        key,
        new PyFloat(
          aggregateScores(
            having.map((member) => numberOf(member.get(key))!),
            sizes,
            weightBySize,
          ),
        ),
      )
      const known = stderrs.filter((stderr) => stderr !== null)
      const stderr = () => (weightBySize ? pooledStderr(known, sizes) : unweightedStderr(known))
      entry.set(`${metric}_stderr,${filter}`, known.length === having.length ? new PyFloat(stderr()) : 'N/A')
      counts.set(key, sum(sizes))
    }
  }
  if (counts.size > 0) entry.set('sample_count', counts)
  return entry
}

function filtersOf(metric: string, members: readonly PyDict[]): string[] {
  const keys = members.flatMap((member) => [...member.keys()]).filter((key) => key.startsWith(`${metric},`))
  return [...new Set(keys.map((key) => key.slice(metric.length + 1)))].sort()
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
