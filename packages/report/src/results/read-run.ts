import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { InputError } from '@saeval/hub'
import { parseResultsJson } from './results-json.js'
import type { RunResults, Score } from './run-results.js'

type Fields = Readonly<Record<string, unknown>>

/** Reads one results file and finds the sample files of the same run beside it. Throws InputError for a file that is none. */
export async function readRun(path: string): Promise<RunResults> {
  return readTasks(path, null)
}

/** readRun, but with `tasks` only those tasks and groups and what they are made of. */
export async function readTasks(path: string, tasks: readonly string[] | null): Promise<RunResults> {
  const whole = await readResultsFile(path)
  const file = tasks === null ? whole : { ...whole, results: resultsOf(whole, tasks) }
  const config = fields(file.config)
  return {
    path,
    date: new Date(typeof file.date === 'number' ? file.date * 1000 : 0),
    model: typeof config.model === 'string' ? config.model : String(file.model_source ?? 'unknown'),
    modelArgs: fields(config.model_args),
    scores: scoresOf(file),
    samples: await samplesBeside(path, Object.keys(fields(file.results))),
    provenance: file.saeval === undefined ? null : fields(file.saeval),
    config,
  }
}

async function readResultsFile(path: string): Promise<Fields> {
  let file: Fields
  try {
    file = fields(parseResultsJson(await readFile(path, 'utf8')))
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    throw new InputError(`cannot read ${path}: ${missing ? 'no such file' : 'it is not a results file'}`, { cause })
  }
  if (typeof file.results !== 'object' || file.results === null)
    throw new InputError(`${path} is not a results file: it has no "results"`)
  return file
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}
}

/** The entries of some tasks and groups and of all below them. */
function resultsOf(file: Fields, tasks: readonly string[]): Fields {
  const groups = fields(file.group_subtasks)
  const wanted = new Set(tasks)
  // a set that grows while it is walked
  for (const name of wanted) if (Array.isArray(groups[name])) for (const member of groups[name]) wanted.add(member)
  return Object.fromEntries(Object.entries(fields(file.results)).filter(([name]) => wanted.has(name)))
}

function scoresOf(file: Fields): Score[] {
  const groups = fields(file.group_subtasks)
  const directions = fields(file.higher_is_better)
  return Object.entries(fields(file.results)).flatMap(([task, entry]) => {
    const result = fields(entry)
    const members = Array.isArray(groups[task]) && groups[task].length > 0 ? (groups[task] as string[]) : null
    return Object.entries(result).flatMap(([key, value]): Score[] => {
      const [metric, filter] = key.split(',') as [string, string | undefined]
      if (filter === undefined || metric.endsWith('_stderr') || typeof value !== 'number') return []
      const stderr = result[`${metric}_stderr,${filter}`]
      const direction = fields(directions[task])[metric]
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
