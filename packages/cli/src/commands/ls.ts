import { indexTasks, type TaskIndex } from '@saeval/eval-harness'
import { filterNames } from '@saeval/eval-harness/internal/filters/own-filters'
import { metricNames } from '@saeval/eval-harness/internal/metrics/own-metrics'
import { registeredModels } from '@saeval/language-model/internal/model-registry'
import { type DeviceList, listDevices } from '@saeval/lm-backend-onnx'
import { saeFormats } from '@saeval/sae-core'
import { type LoadedPlugin, loadedPlugins } from '../plugins/load-plugins.js'
import { byteWords } from '../terminal/quantity-words.js'
import type { Listing } from './choices.js'

/** What comes of task files. */
type TaskListing = 'tasks' | 'groups' | 'subtasks' | 'tags'

/** `saeval ls <what>`: one name a line, sorted; tags, devices and plug-ins with what stands behind them. */
export async function ls(what: Listing, includePaths: readonly string[]): Promise<string[]> {
  if (what === 'models') return registeredModels()
  if (what === 'metrics') return metricNames().sort()
  if (what === 'filters') return filterNames()
  if (what === 'sae_formats') return saeFormats()
  if (what === 'plugins') return loadedPlugins().flatMap(pluginLines)
  if (what === 'devices') return deviceLines(await listDevices())
  return listTasks(what, indexTasks(includePaths))
}

/** A line for each device: hardware, memory, types of numbers, versions; then a line for what does not compute, and why. */
function deviceLines({ devices, missing }: DeviceList): string[] {
  const width = Math.max(...[...devices, ...missing].map(({ name }) => name.length)) + 2
  return [
    ...devices.map(({ name, hardware, precisions, library }) => {
      const memory = hardware.memory === null ? [] : [`${byteWords(hardware.memory)} of memory`]
      const facts = [hardware.name, ...memory].filter((fact) => fact !== null)
      return `${name.padEnd(width)}${[...facts.map((fact) => `${fact}; `), precisions.join(', ')].join('')}; ${[library, ...hardware.versions].join(', ')}`
    }),
    ...missing.map(({ name, problem }) => `${name.padEnd(width)}not available: ${problem}`),
  ]
}

/** A plug-in, and a line for each name that it brought. */
function pluginLines({ name, version, sha256, brought }: LoadedPlugin): string[] {
  const head = `${name}${version === null ? '' : ` ${version}`}  (sha256 ${sha256.slice(0, 12)})`
  return [head, ...brought.map((item) => `  ${item.kind} ${item.name}`)]
}

function listTasks(what: TaskListing, { entries, tags }: TaskIndex): string[] {
  const named = (kind: 'task' | 'group') =>
    [...entries.values()].filter((entry) => entry.kind === kind).map(({ name }) => name)
  switch (what) {
    case 'groups':
      return named('group').sort()
    case 'subtasks':
      return named('task').sort()
    case 'tags':
      return [...tags].map(([tag, members]) => `${tag}  (${members.length} tasks)`).sort()
    case 'tasks':
      return [...entries.keys(), ...tags.keys()].sort()
  }
}
