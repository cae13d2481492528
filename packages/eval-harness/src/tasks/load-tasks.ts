import { existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { didYouMean, InputError, option, sentence } from '@saeval/hub'
import { isPattern } from '@saeval/python/internal/globs/fnmatch'
import { globFiles, globNames } from '@saeval/python/internal/globs/glob'
import { pyStr } from '@saeval/python/internal/text/text'
import { isDict, type PyValue } from '@saeval/python/internal/values/value'
import { shortened } from '../messages/listed.js'
import type { YamlValue } from '../yaml/yaml.js'
import { type Fields, resolveFields } from './resolve-fields.js'
import { type RunOverrides, type TaskConfig, taskConfig } from './task-config.js'
import { type IndexEntry, matchTasks, type TaskIndex } from './task-index.js'

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
  /** File the group stands in. */
  readonly file: string
  readonly alias: string
  /** As Python prints it; "N/A" without one. */
  readonly version: string
  readonly metrics: readonly GroupMetric[]
  readonly children: readonly TaskNode[]
}

const groupFields = new Set(['group', 'group_alias', 'task', 'aggregate_metric_list', 'metadata'])

/**
 * Loads what the words of `tasks` name: tasks, groups, tags, patterns, YAML files (also by pattern), one folder of YAML files. Words that
 * name the same thing count once. Throws InputError for what cannot be run, and for a task in two things asked for.
 */
export function loadTasks(index: TaskIndex, words: readonly string[], overrides: RunOverrides = {}): TaskNode[] {
  const loader = new TaskLoader(index, overrides)
  const nodes = loader.words(words)
  const seen = new Map<string, string>()
  for (const node of nodes) {
    for (const name of new Set(leafNames(node))) {
      const first = seen.get(name)
      if (first !== undefined && first !== nodeName(node))
        throw new InputError(
          sentence`${option('tasks')} asks for task ${name} twice, by ${first} and by ${nodeName(node)}; name it once`,
        )
      seen.set(name, nodeName(node))
    }
  }
  return [...new Map(nodes.map((node) => [nodeName(node), node])).values()]
}

/** The name of a task or group, under which its results stand. */
export function nodeName(node: TaskNode): string {
  return node.kind === 'task' ? node.config.task : node.name
}

/** Names of all tasks at and below a node. */
export function leafNames(node: TaskNode): string[] {
  return node.kind === 'task' ? [node.config.task] : node.children.flatMap(leafNames)
}

/** All tasks at and below some nodes, in order; one that several groups share stands once. */
export function leaves(nodes: readonly TaskNode[]): TaskConfig[] {
  const all = (list: readonly TaskNode[]): TaskConfig[] =>
    list.flatMap((node) => (node.kind === 'task' ? [node.config] : all(node.children)))
  return [...new Map(all(nodes).map((config) => [config.task, config])).values()]
}

const mostGroups = 10_000

class TaskLoader {
  /** Names of the groups whose members are loaded. */
  readonly #open = new Set<string>()
  #groups = 0

  constructor(
    readonly index: TaskIndex,
    readonly overrides: RunOverrides,
  ) {}

  words(words: readonly string[]): TaskNode[] {
    const names = new Set<string>()
    const files = new Set<string>()
    for (const word of words) {
      const found = yamlFilesOf(this.index, word, words.length === 1)
      if (found === null) for (const name of matchTasks(this.index, word)) names.add(name)
      else for (const file of found) files.add(file)
    }
    return [...[...names].flatMap((name) => this.name(name, new Map())), ...[...files].map((file) => this.file(file))]
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
    return this.entry({ name: '', kind, file, label: 'inline', tags: [] }, fields, new Map())
  }

  entry(entry: IndexEntry, fields: Fields, inherited: Fields): TaskNode {
    if (entry.kind === 'group') return this.group(entry, fields.get('group'), fields, inherited)
    const merged = new Map([...fields, ...inherited])
    if (merged.has('class')) throw new InputError(`${entry.file}: tasks written as a Python class cannot be run`)
    return {
      kind: 'task',
      config: taskConfig({ fields: merged, file: entry.file, label: entry.label }, this.overrides),
    }
  }

  group(entry: IndexEntry, name: YamlValue | undefined, fields: Fields, inherited: Fields): GroupNode {
    if (typeof name !== 'string') throw new InputError(`${entry.file}: group is not a name`)
    if (this.#open.has(name)) throw new InputError(`${entry.file}: group ${shortened(name)} is a member of itself`)
    if (++this.#groups > mostGroups)
      throw new InputError(`${entry.file}: its groups name each other more than ${mostGroups} times`)
    this.#open.add(name)
    const node = this.groupNode(entry, name, fields, inherited)
    this.#open.delete(name)
    return node
  }

  groupNode(entry: IndexEntry, name: string, fields: Fields, inherited: Fields): GroupNode {
    // every other field of a group is an override for all of its tasks; those from outside go over its own
    const own = new Map([...[...fields].filter(([key]) => !groupFields.has(key)), ...inherited])
    const members = fields.get('task') ?? []
    const children = ((Array.isArray(members) ? members : [members]) as YamlValue[]).flatMap((member) =>
      this.member(entry, name, member, own),
    )
    if (children.length === 0) throw new InputError(`${entry.file}: group ${name} has no tasks`)
    const metadata = fields.get('metadata') ?? null
    const version = new Map([...(isDict(metadata) ? metadata : []), ...(this.overrides.metadata ?? [])]).get('version')
    const alias = fields.get('group_alias') ?? null
    return {
      kind: 'group',
      name,
      file: entry.file,
      alias: alias === null ? name : pyStr(alias as PyValue),
      version: version === undefined ? 'N/A' : pyStr(version as PyValue),
      metrics: groupMetrics(entry.file, (fields.get('aggregate_metric_list') ?? []) as PyValue),
      // a member named twice stands once, as the later one
      children: [...new Map(children.map((child) => [nodeName(child), child])).values()],
    }
  }

  member(entry: IndexEntry, group: string, member: YamlValue, inherited: Fields): TaskNode[] {
    if (typeof member === 'string') return this.known(entry, group, member, inherited)
    if (!(member instanceof Map))
      throw new InputError(`${entry.file}: group ${group} has a member that is neither a name nor a mapping`)
    const fields = member as Fields
    const inner = fields.get('group')
    if (inner !== undefined) {
      if (typeof inner !== 'string') throw new InputError(`${entry.file}: group ${group} has a group without a name`)
      const registered = this.index.entries.get(inner)
      if (!registered) return [this.group(entry, `${group}::${inner}`, fields, inherited)]
      // its metadata is that of its tasks; lm_eval fails on the other fields of a group
      const isShown = (key: string) => groupFields.has(key) && key !== 'metadata'
      const changed = [...fields].filter(([key]) => !isShown(key))
      const shown = [...fields].filter(([key]) => isShown(key))
      const merged = new Map([...resolveFields(registered.file), ...shown])
      return [this.group(registered, inner, merged, new Map([...inherited, ...changed]))]
    }
    const task = fields.get('task')
    if (typeof task !== 'string') throw new InputError(`${entry.file}: group ${group} has a member without a task`)
    const merged = new Map([...inherited, ...[...fields].filter(([key]) => key !== 'task')])
    if (this.index.entries.has(task) || this.index.tags.has(task)) return this.name(task, merged)
    const own = new Map([...this.included(entry, merged), ['task', `${group}::${task}`]])
    return [{ kind: 'task', config: taskConfig({ fields: own, file: entry.file, label: null }, this.overrides) }]
  }

  /** A task inside a group may include files as a task file does. */
  included(entry: IndexEntry, fields: Fields): Fields {
    const include = fields.get('include') ?? []
    const merged = new Map<string, YamlValue>()
    for (const target of (Array.isArray(include) ? include : [include]) as YamlValue[]) {
      if (typeof target !== 'string') throw new InputError(`${entry.file}: include is not a file name`)
      for (const [key, value] of resolveFields(resolve(dirname(entry.file), target))) merged.set(key, value)
    }
    for (const [key, value] of fields) if (key !== 'include') merged.set(key, value)
    return merged
  }

  known(entry: IndexEntry, group: string, name: string, inherited: Fields): TaskNode[] {
    if (this.index.entries.has(name) || this.index.tags.has(name)) return this.name(name, inherited)
    const names = [...this.index.entries.keys(), ...this.index.tags.keys()]
    throw new InputError(
      `${entry.file}: group ${shortened(group)} names "${shortened(name)}", which is not there${didYouMean(name, names)}`,
    )
  }
}

/** The YAML files that a word of `tasks` means; null where it is a name or a pattern of names. */
function yamlFilesOf(index: TaskIndex, word: string, alone: boolean): string[] | null {
  if (index.entries.has(word) || index.tags.has(word)) return null
  if (/\.ya?ml$/.test(word)) {
    const path = resolve(word)
    if (existsSync(path)) return [path]
    if (!isPattern(word)) throw new InputError(sentence`${option('tasks')} names the file ${word}, which is not there`)
    const found = globFiles(path)
    if (found.length === 0) throw new InputError(sentence`${option('tasks')} names ${word}, which matches no file`)
    return found
  }
  if (!alone || !existsSync(word) || !statSync(word).isDirectory()) return null
  const found = globNames(word, '*.yaml')
  if (found.length === 0)
    throw new InputError(sentence`${option('tasks')} names the folder ${word}, in which there is no *.yaml`)
  return found.map((name) => resolve(word, name))
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
        `${file}: aggregate_metric_list.${metric}.aggregation is ${typeof aggregation === 'string' ? `"${aggregation}"` : 'a Python function'}; groups can only take the mean`,
      )
    const filters = entry.get('filter_list') ?? null
    return {
      metric,
      weightBySize: entry.get('weight_by_size') !== false,
      filters: filters === null ? null : textsOf(filters, `${file}: aggregate_metric_list.${metric}.filter_list`),
    }
  })
}

function textsOf(value: PyValue, field: string): string[] {
  const texts = Array.isArray(value) ? value : [value]
  if (texts.every((text) => typeof text === 'string')) return texts
  throw new InputError(`${field} is neither a name nor a list of names`)
}
