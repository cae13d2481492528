import { didYouMean } from '@saeval/hub'
import { FunctionReference } from '@saeval/python/internal/functions/function-reference'
import { isDict } from '@saeval/python/internal/values/value'
import { type Complain, checkKeys } from '../yaml/check-fields.js'
import type { YamlValue } from '../yaml/yaml.js'
import { checkPatterns } from './ignored-patterns.js'
import { filterNames, filterSettings } from './own-filters.js'

/** One step of a filter pipeline. */
export interface FilterStep {
  /** A registered filter, or a Python function or class. */
  readonly function: string | FunctionReference
  readonly settings: ReadonlyMap<string, YamlValue>
}

/** A named sequence of filters; its metrics carry the name. */
export interface FilterPipeline {
  readonly name: string
  readonly steps: readonly FilterStep[]
}

/** The filters of a task that names none. */
const defaultPipeline: FilterPipeline = { name: 'none', steps: [{ function: 'take_first', settings: new Map() }] }

/** The filter pipelines of a task, checked. */
export function filterPipelines(list: YamlValue, complain: Complain): FilterPipeline[] {
  if (list === null) return [defaultPipeline]
  const seen = new Set<string>()
  return (list as readonly YamlValue[]).map((entry) => {
    const name = isDict(entry) ? (entry as ReadonlyMap<string, YamlValue>).get('name') : undefined
    const steps = isDict(entry) ? (entry as ReadonlyMap<string, YamlValue>).get('filter') : undefined
    if (typeof name !== 'string') throw complain('filter_list', 'has an entry without a name')
    if (seen.has(name)) throw complain('filter_list', `has two entries with the name "${name}"`)
    seen.add(name)
    if (!Array.isArray(steps)) throw complain(`filter_list.${name}.filter`, 'is not a list of filters')
    return { name, steps: (steps as readonly YamlValue[]).map((step) => filterStep(step, name, complain)) }
  })
}

function filterStep(step: YamlValue, pipeline: string, complain: Complain): FilterStep {
  const field = `filter_list.${pipeline}.filter`
  const fields = isDict(step) ? (step as ReadonlyMap<string, YamlValue>) : new Map<string, YamlValue>()
  checkKeys(fields, field, complain)
  const used = fields.get('function')
  const settings = new Map([...fields].filter(([key]) => key !== 'function'))
  if (used instanceof FunctionReference) return { function: used, settings }
  if (typeof used !== 'string') throw complain(field, 'has an entry without a function')
  const known = filterSettings(used)
  if (known === null)
    throw complain(
      field,
      `names the filter "${used}", which is not known${didYouMean(used, filterNames())}; there are ${filterNames().join(', ')}`,
    )
  for (const key of settings.keys())
    if (!known.includes(key)) throw complain(`${field}.${used}.${key}`, `is not a setting${didYouMean(key, known)}`)
  checkPatterns(settings, `${field}.${used}`, complain)
  return { function: used, settings }
}
