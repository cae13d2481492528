import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { InputError } from '@saeval/hub'
import { pyStr } from '../python/text.js'
import { isDict, type PyDict, type PyValue } from '../python/value.js'
import { type RunOverrides, type TaskConfig, taskConfig } from './task-config.js'
import { fileLabel, type IndexEntry, matchTasks, resolveFields, type TaskIndex } from './task-index.js'
import type { YamlValue } from './yaml.js'

type Fields = ReadonlyMap<string, YamlValue>

/** How a group averages one metric over its tasks. */
export interface GroupMetric {
  readonly metric: string
  readonly weightBySize: boolean
  /** null takes every filter that the tasks have. */
  readonly filters: readonly string[] | null
}

/** A task to run, or a group of them, in the order of the files. */
export type TaskNode = TaskLeaf | GroupNode

export interface TaskLeaf {
  readonly kind: 'task'
  readonly config: TaskConfig
}

export interface GroupNode {
  readonly kind: 'group'
  readonly name: string
  readonly alias: string
  /** As Python prints it; null without one. */
  readonly version: string | null
  readonly metrics: readonly GroupMetric[]
  readonly children: readonly TaskNode[]
}

const groupFields = new Set(['group', 'group_alias', 'task', 'aggregate_metric_list', 'metadata'])

/** Loads what the words of --tasks name: tasks, groups, tags, patterns, YAML files. Throws InputError for what cannot be run. */
export function loadTasks(index: TaskIndex, words: readonly string[], overrides: RunOverrides = {}): TaskNode[] {
  const loader = new TaskLoader(index, overrides)
  const nodes = words.flatMap((word) => loader.word(word))
  const seen = new Set<string>()
  for (const name of nodes.flatMap(leafNames)) {
    if (seen.has(name)) throw new InputError(`task ${name} is asked for twice by --tasks; name it once`)
    seen.add(name)
  }
  return nodes
}

/** Names of all tasks at and below a node. */
export function leafNames(node: TaskNode): string[] {
  return node.kind === 'task' ? [node.config.task] : node.children.flatMap(leafNames)
}

/** All tasks at and below some nodes, in order. */
export function leaves(nodes: readonly TaskNode[]): TaskConfig[] {
  return nodes.flatMap((node) => (node.kind === 'task' ? [node.config] : leaves(node.children)))
}

class TaskLoader {
  constructor(
    readonly index: TaskIndex,
    readonly overrides: RunOverrides,
  ) {}

  word(word: string): TaskNode[] {
    if (/\.ya?ml$/.test(word) && existsSync(word)) return [this.file(resolve(word))]
    return matchTasks(this.index, word).flatMap((name) => this.name(name, new Map()))
  }

  /** A task, a group, or the tasks of a tag. */
  name(name: string, inherited: Fields): TaskNode[] {
    const entry = this.index.entries.get(name)
    if (entry) return [this.entry(entry, resolveFields(entry.file), inherited)]
    const members = this.index.tags.get(name)
    if (members) return members.flatMap((member) => this.name(member, inherited))
    throw new InputError(`there is no task, group or tag "${name}"`)
  }

  file(file: string): TaskNode {
    const fields = resolveFields(file)
    const kind = fields.has('group') ? 'group' : 'task'
    return this.entry({ name: '', kind, file, root: dirname(file), tags: [] }, fields, new Map())
  }

  entry(entry: IndexEntry, fields: Fields, inherited: Fields): TaskNode {
    if (entry.kind === 'group') return this.group(entry, fields, inherited)
    const merged = new Map([...fields, ...inherited])
    if (merged.has('class')) throw new InputError(`${entry.file}: tasks written as a Python class cannot be run yet`)
    return {
      kind: 'task',
      config: taskConfig({ fields: merged, file: entry.file, label: fileLabel(entry) }, this.overrides),
    }
  }

  group(entry: IndexEntry, fields: Fields, inherited: Fields): GroupNode {
    const name = fields.get('group') as string
    // every other field of a group is an override for all of its tasks
    const own = new Map([...inherited, ...[...fields].filter(([key]) => !groupFields.has(key))])
    const members = fields.get('task') ?? []
    const children = ((Array.isArray(members) ? members : [members]) as YamlValue[]).flatMap((member) =>
      this.member(entry, name, member, own),
    )
    if (children.length === 0) throw new InputError(`${entry.file}: group ${name} has no tasks`)
    const version = (fields.get('metadata') as PyDict | undefined)?.get('version')
    return {
      kind: 'group',
      name,
      alias: (fields.get('group_alias') as string | undefined) ?? name,
      version: version === undefined ? null : pyStr(version),
      metrics: groupMetrics(entry.file, (fields.get('aggregate_metric_list') ?? []) as PyValue),
      children,
    }
  }

  member(entry: IndexEntry, group: string, member: YamlValue, inherited: Fields): TaskNode[] {
    if (typeof member === 'string') return this.name(member, inherited)
    if (!(member instanceof Map))
      throw new InputError(`${entry.file}: group ${group} has a member that is neither a name nor a mapping`)
    const fields = member as Fields
    if (fields.has('group')) {
      const known = this.index.entries.get(fields.get('group') as string)
      const inner = new Map([...(known ? resolveFields(known.file) : []), ...fields])
      return [
        this.group(
          entry,
          known ? inner : new Map([...fields, ['group', `${group}::${fields.get('group')}`]]),
          inherited,
        ),
      ]
    }
    const task = fields.get('task')
    if (typeof task !== 'string') throw new InputError(`${entry.file}: group ${group} has a member without a task`)
    const merged = new Map([...inherited, ...[...fields].filter(([key]) => key !== 'task')])
    if (this.index.entries.has(task) || this.index.tags.has(task)) return this.name(task, merged)
    return [this.entry({ ...entry, kind: 'task' }, new Map([...merged, ['task', `${group}::${task}`]]), new Map())]
  }
}

function groupMetrics(file: string, list: PyValue): GroupMetric[] {
  const entries = (Array.isArray(list) ? list : [list]) as readonly PyValue[]
  return entries.map((entry) => {
    const metric = isDict(entry) ? entry.get('metric') : undefined
    if (!isDict(entry) || typeof metric !== 'string')
      throw new InputError(`${file}: aggregate_metric_list has an entry without a metric`)
    const aggregation = entry.get('aggregation') ?? 'mean'
    if (aggregation !== 'mean')
      throw new InputError(
        `${file}: aggregate_metric_list.${metric}.aggregation is ${JSON.stringify(aggregation)}; groups can only take the mean`,
      )
    const filters = entry.get('filter_list') ?? null
    return {
      metric,
      weightBySize: entry.get('weight_by_size') !== false,
      filters: filters === null ? null : ((Array.isArray(filters) ? filters : [filters]) as string[]),
    }
  })
}
