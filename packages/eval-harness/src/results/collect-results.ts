import { compareCodePoints } from '@saeval/python/internal/text/text'
import type { PyDict, PyValue } from '@saeval/python/internal/values/value'
import type { GroupNode, TaskNode } from '../tasks/load-tasks.js'
import type { TaskConfig } from '../tasks/task-config.js'
import { aggregateGroup } from './aggregate-group.js'

/** One task's outcome. */
export interface TaskScore {
  readonly config: TaskConfig
  /** The configuration as results.json shows it. */
  readonly dump: PyDict
  /** "acc,none" -> value, "acc_stderr,none" -> its error or "N/A". */
  readonly metrics: PyDict
  readonly higherIsBetter: PyDict
  /** Documents in the split. */
  readonly original: number
  /** Documents evaluated. */
  readonly effective: number
}

/** What an evaluation has found. */
export interface Evaluation {
  /** results.json as far as it depends on the tasks: results, groups, configs, ... */
  readonly results: Map<string, PyValue>
  /** Lines of samples_<task>.jsonl by task. */
  readonly samples: ReadonlyMap<string, readonly PyDict[]>
}

/** The part of results.json that depends on tasks only, in lm_eval's order of keys. */
export function collectResults(nodes: readonly TaskNode[], scores: readonly TaskScore[]): Map<string, PyValue> {
  const groups = nodes.flatMap(groupsOf)
  const entries = new Map<string, PyDict>(scores.map((score) => [score.config.task, taskEntry(score)]))
  // members before the groups that contain them, as lm_eval lists them
  const ordered = nodes.flatMap(membersFirst)
  const byName = new Map(ordered.map((group) => [group.name, aggregateGroup(group, entries)]))
  const averaging = ordered.filter((group) => group.metrics.length > 0)
  const numFewshot = new Map<string, PyValue>(scores.map(({ config }) => [config.task, config.numFewshot ?? 0]))
  const higherIsBetter = new Map<string, PyDict>(scores.map((score) => [score.config.task, score.higherIsBetter]))
  // in the order of the groups, so that one above others sees only what is there already: lm_eval leaves it without
  for (const group of groups) {
    const shots = new Set(childNames(group).flatMap((name) => numFewshot.get(name) ?? []))
    if (shots.size === 1) numFewshot.set(group.name, [...shots][0]!)
    const directions = mergeDirections(childNames(group).flatMap((name) => higherIsBetter.get(name) ?? []))
    if (directions.size > 0) higherIsBetter.set(group.name, directions)
  }
  return new Map<string, PyValue>([
    ['results', new Map([...entries, ...byName])],
    ...(averaging.length > 0
      ? [['groups', new Map(averaging.map(({ name }) => [name, byName.get(name)!]))] as const]
      : []),
    ['group_subtasks', new Map(groups.map((group) => [group.name, childNames(group)]))],
    ['configs', sorted(scores.map(({ config, dump }) => [config.task, dump]))],
    [
      'versions',
      sorted([
        ...scores.map(({ config }) => [config.task, config.version] as const),
        ...groups.map((group) => [group.name, group.version] as const),
      ]),
    ],
    ['n-shot', sorted([...numFewshot])],
    ['higher_is_better', sorted([...higherIsBetter])],
    [
      'n-samples',
      new Map(
        scores.map(({ config, original, effective }) => [
          config.task,
          new Map([
            ['original', original],
            ['effective', effective],
          ]),
        ]),
      ),
    ],
  ])
}

function taskEntry({ config, metrics, effective }: TaskScore): PyDict {
  return new Map<string, PyValue>([
    ['name', config.task],
    ['alias', config.taskAlias ?? config.task],
    ['sample_len', effective],
    ...metrics,
  ])
}

function groupsOf(node: TaskNode): GroupNode[] {
  return node.kind === 'task' ? [] : [node, ...node.children.flatMap(groupsOf)]
}

function membersFirst(node: TaskNode): GroupNode[] {
  return node.kind === 'task' ? [] : [...node.children.flatMap(membersFirst), node]
}

function childNames(group: GroupNode): string[] {
  return group.children.map((child) => (child.kind === 'task' ? child.config.task : child.name))
}

/** The common direction of each metric; null where members disagree. */
function mergeDirections(members: readonly PyDict[]): PyDict {
  const merged = new Map<string, PyValue>()
  for (const member of members) {
    for (const [metric, direction] of member)
      merged.set(metric, merged.has(metric) && merged.get(metric) !== direction ? null : direction)
  }
  return merged
}

function sorted(entries: readonly (readonly [string, PyValue])[]): PyDict {
  return new Map([...entries].sort(([a], [b]) => compareCodePoints(a, b)))
}
