import { fromPlain, type PyDict, toPlain } from '@saeval/python/internal/values/value'
import { type Answers, builtInFilters, FilterError } from './filters.js'

/** What a filter is given, in plain JavaScript values. */
export interface FilterQuestion {
  /** For each request of the task its answers: a list with one answer for each repeat, or what the filter before has left. */
  readonly answers: readonly unknown[]
  /** For each request the dataset's columns of its document. */
  readonly docs: readonly Readonly<Record<string, unknown>>[]
  readonly settings: Readonly<Record<string, unknown>>
}

/** A filter of one's own: `function: name` in filter_list of a task file. */
export interface OwnFilter {
  /** Names beside `function` that its step in filter_list may have; none by default. */
  readonly settings?: readonly string[]
  /** One value for each request, in their order: again a list of answers, unless it is the last step and leaves one. A throw stops the run. */
  apply(question: FilterQuestion): readonly unknown[] | Promise<readonly unknown[]>
}

const registered = new Map<string, OwnFilter>()

/** Makes `function: name` known to filter_list. Throws Error for a name that is there. */
export function registerFilter(name: string, filter: OwnFilter): void {
  if (name === 'custom' || Object.hasOwn(builtInFilters, name) || registered.has(name))
    throw new Error(`filter "${name}" is registered already`)
  if (typeof filter?.apply !== 'function')
    throw new Error(`filter "${name}" has no apply: registerFilter takes { apply, … }`)
  registered.set(name, filter)
}

/** Filters that a task file can name; `custom` calls a Python function. */
export function filterNames(): string[] {
  return [...Object.keys(builtInFilters), ...registered.keys(), 'custom'].sort()
}

/** Names of a filter's settings; null for filters that are not there. */
export function filterSettings(name: string): readonly string[] | null {
  if (name === 'custom') return ['filter_fn']
  const own = registered.get(name)
  if (own !== undefined) return own.settings ?? []
  return Object.hasOwn(builtInFilters, name) ? builtInFilters[name]!.settings : null
}

/** Applies a filter by its name. Throws FilterError. */
export async function applyFilter(
  name: string,
  answers: Answers,
  docs: readonly PyDict[],
  settings: PyDict,
): Promise<Answers> {
  const own = registered.get(name)
  if (own === undefined) return builtInFilters[name]!.apply(answers, docs, settings)
  let filtered: unknown
  try {
    filtered = await own.apply({
      answers: answers.map(toPlain),
      docs: docs.map((doc) => toPlain(doc) as Record<string, unknown>),
      settings: toPlain(settings) as Record<string, unknown>,
    })
  } catch (cause) {
    throw new FilterError(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
  if (!Array.isArray(filtered) || filtered.length !== answers.length)
    throw new FilterError(`${name} does not give a list of ${answers.length} values, one for each request`)
  return filtered.map((value) => fromPlain(value ?? null))
}
