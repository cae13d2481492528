import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, extname, join, resolve, sep } from 'node:path'
import { FunctionReference } from '@saeval/python/internal/functions/function-reference'
import { pythonFiles } from '@saeval/python/internal/functions/python-sources'
import { dataEndings, largest } from '@saeval/python/internal/pyodide/task-modules'
import type { PyValue } from '@saeval/python/internal/values/value'
import { localFiles } from './datasets/files/named-files.js'
import { formats } from './datasets/readers.js'
import { leaves, type TaskNode } from './tasks/load-tasks.js'
import { resolveFields, wholeFields } from './tasks/resolve-fields.js'
import type { TaskConfig } from './tasks/task-config.js'
import { builtInTasks } from './tasks/task-index.js'
import { readYaml, type YamlValue } from './yaml/yaml.js'

/**
 * Paths of the files of this machine that tasks and groups are made of: their YAML files and what those include, Python files and the small data files beside
 * them, local data. Files of this package are not among them. Relative paths of data begin in `dataFolder`. Throws InputError for data that is not there.
 */
export function taskFiles(nodes: readonly TaskNode[], dataFolder: string): string[] {
  const found = new Set<string>()
  const yaml = new Set<string>()
  for (const node of nodes) for (const file of yamlFiles(node)) yaml.add(file)
  for (const file of yaml) addYaml(file, found)
  for (const config of leaves(nodes)) for (const file of dataOf(config, dataFolder)) found.add(file)
  return [...found].filter((file) => !file.startsWith(builtInTasks + sep)).sort()
}

function yamlFiles(node: TaskNode): string[] {
  return node.kind === 'task' ? [node.config.file] : [node.file, ...node.children.flatMap(yamlFiles)]
}

/** A YAML file, what it includes, and the Python files that these name. */
function addYaml(file: string, found: Set<string>): void {
  if (file.startsWith(builtInTasks + sep)) return
  const read: string[] = []
  resolveFields(file, (path) => {
    read.push(path)
    return wholeFields(path)
  })
  for (const path of read) {
    if (found.has(path)) continue
    found.add(path)
    for (const value of partsOf(readYaml(path))) {
      if (value instanceof FunctionReference) addPython(value.file, found)
      // members of a group may include files of their own
      if (value instanceof Map) for (const target of includesOf(value)) addYaml(resolve(dirname(path), target), found)
    }
  }
}

function includesOf(fields: ReadonlyMap<string, YamlValue>): string[] {
  const include = fields.get('include') ?? []
  return (Array.isArray(include) ? include : [include]).filter((target) => typeof target === 'string')
}

/** Every value below a value of a YAML file, itself among them. */
function* partsOf(value: YamlValue): Generator<YamlValue> {
  yield value
  if (Array.isArray(value)) for (const part of value as readonly YamlValue[]) yield* partsOf(part)
  if (value instanceof Map) for (const part of value.values()) yield* partsOf(part as YamlValue)
}

function addPython(file: string, found: Set<string>): void {
  for (const path of pythonFiles(file).keys()) {
    found.add(path)
    for (const name of readdirSync(dirname(path))) {
      const beside = join(dirname(path), name)
      if (!dataEndings.has(extname(name)) || found.has(beside)) continue
      const state = statSync(beside)
      if (state.isFile() && state.size <= largest) found.add(beside)
    }
  }
}

/** Local data of a task: the files that a format's data_files names, or those of a folder. */
function dataOf({ datasetPath: path, datasetKwargs: kwargs }: TaskConfig, folder: string): string[] {
  if (path === null) return []
  if (formats.includes(path)) return localFiles((kwargs.get('data_files') ?? []) as PyValue, folder)
  const root = resolve(folder, path)
  if (!existsSync(root)) return []
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((name) => join(root, name))
    .filter((file) => statSync(file).isFile())
}
