import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { InputError } from '@saeval/hub'
import { isObject, number, object, objectOf, recordOf, text } from '@saeval/hub/checks'
import * as v from 'valibot'
import { readResultsJson } from './results-json.js'
import type { RunResults, Score } from './run-results.js'

/** An object, or an empty one: other programs write these fields in other forms, and no score stands in them. */
const told = v.fallback(v.nullish(object, {}), {})
/** Names of tasks or metrics -> whatever is told of them; those of another form are left out. */
const toldOf = <Value extends v.GenericSchema>(value: Value) =>
  v.fallback(v.nullish(recordOf(v.fallback(v.optional(value), undefined)), {}), Object.create(null))

const schema = objectOf({
  results: v.optional(recordOf(told)),
  group_subtasks: toldOf(v.array(text)),
  higher_is_better: toldOf(object),
  date: v.fallback(v.nullish(number, 0), 0),
  config: told,
  model_source: v.optional(v.unknown()),
  saeval: v.optional(told),
})
type Written = v.InferOutput<typeof schema>
type ResultsFile = Written & { readonly results: NonNullable<Written['results']> }

/** Reads one results file and finds the sample files of the same run beside it. Throws InputError for a file that is none. */
export async function readRun(path: string): Promise<RunResults> {
  return readTasks(path, null)
}

/** readRun, but with `tasks` only those tasks and groups and what they are made of. */
export async function readTasks(path: string, tasks: readonly string[] | null): Promise<RunResults> {
  const whole = await readResultsJson(path, 'a results file', schema)
  if (whole.results === undefined) throw new InputError(`${path} is not a results file: it has no "results"`)
  const all = { ...whole, results: whole.results }
  const file = tasks === null ? all : { ...all, results: resultsOf(all, tasks) }
  const { config } = file
  return {
    path,
    date: new Date(file.date * 1000),
    model: typeof config.model === 'string' ? config.model : String(file.model_source ?? 'unknown'),
    modelArgs: isObject(config.model_args) ? config.model_args : {},
    scores: scoresOf(file),
    samples: await samplesBeside(path, Object.keys(file.results)),
    provenance: file.saeval ?? null,
    config,
  }
}

/** The entries of some tasks and groups and of all below them. */
function resultsOf({ results, group_subtasks: groups }: ResultsFile, tasks: readonly string[]): ResultsFile['results'] {
  const wanted = new Set(tasks)
  // a set that grows while it is walked
  for (const name of wanted) for (const member of groups[name] ?? []) wanted.add(member)
  return Object.fromEntries(Object.entries(results).filter(([name]) => wanted.has(name)))
}

function scoresOf({ results, group_subtasks: groups, higher_is_better: directions }: ResultsFile): Score[] {
  return Object.entries(results).flatMap(([task, result]) => {
    const members = groups[task]?.length ? groups[task] : null
    return Object.entries(result).flatMap(([key, value]): Score[] => {
      const [metric, filter] = key.split(',') as [string, string | undefined]
      if (filter === undefined || metric.endsWith('_stderr') || typeof value !== 'number') return []
      const stderr = result[`${metric}_stderr,${filter}`]
      const direction = directions[task]?.[metric]
      return [
        {
          task,
          alias: typeof result.alias === 'string' ? result.alias.replace(/^[ -]+/, '') : task,
          members,
          metric,
          filter,
          value,
          stderr: typeof stderr === 'number' ? stderr : null,
          n: typeof result.sample_len === 'number' ? result.sample_len : 0,
          higherIsBetter: typeof direction === 'boolean' ? direction : null,
        },
      ]
    })
  })
}

/** results_<date>.json and samples_<task>_<date>.jsonl share their date; so do <name>_<date>.json and its samples. */
async function samplesBeside(path: string, tasks: readonly string[]): Promise<Map<string, string>> {
  const date = /_(\d{4}-\d\d-\d\dT[\d.-]+)\.json$/.exec(basename(path))?.[1]
  if (date === undefined) return new Map()
  const names = new Set(await readdir(dirname(path)))
  const found = tasks.map((task) => [task, `samples_${task}_${date}.jsonl`] as const)
  return new Map(found.filter(([, name]) => names.has(name)).map(([task, name]) => [task, join(dirname(path), name)]))
}
