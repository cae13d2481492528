import { stat } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { InputError, systemReason } from '@saeval/hub'
import { object, objectOf, shown } from '@saeval/hub/checks'
import { isInside } from '@saeval/hub/internal/repository'
import * as v from 'valibot'
import { filesBelow } from './files-below.js'
import { readRun, readTasks } from './read-run.js'
import { readResultsJson } from './results-json.js'
import type { RunResults } from './run-results.js'
import {
  type CellResults,
  type ControlKind,
  cellFileName,
  cellResultsFields,
  type Parameters,
  type SweepCell,
  type SweepFile,
  sweepFileName,
  sweepSchema,
} from './sweep-file.js'

/** A run with its place in an experiment. */
export interface ExperimentRun {
  readonly label: string
  /** Id of its cell, in a sweep. */
  readonly id?: string
  /** What distinguishes it from the other runs; {} for a baseline. */
  readonly parameters: Parameters
  readonly results: RunResults
}

/** Runs that are looked at together. */
export interface Experiment {
  /** The unsteered run; null when there is none. */
  readonly baseline: ExperimentRun | null
  readonly runs: readonly ExperimentRun[]
  /** The command line that made it; null where no file says so. */
  readonly command: string | null
  /** Cells of a sweep that have not run yet, or not on all tasks. */
  readonly missing: number
  /** In a sweep with controls: those that have run, each of the run with the id `of`. */
  readonly controls?: readonly { readonly of: string; readonly kind: ControlKind; readonly results: RunResults }[]
}

/**
 * Reads a results folder, a sweep folder, the folder of one of its cells or one results file. In a sweep folder sweep.json says what belongs to it,
 * in a cell's folder cell.json; elsewhere every results file below the folder is a run, and the newest one of an unsteered model is the baseline. Throws InputError where there are no results.
 */
export async function readExperiment(path: string): Promise<Experiment> {
  const info = await stat(path).catch((cause: Error) => {
    throw new InputError(`${path}: ${systemReason(cause) ?? cause.message}`, { cause })
  })
  if (info.isFile() && basename(path) !== sweepFileName) return fromRuns(dirname(path), [await readRun(path)])
  if (!info.isFile() && !info.isDirectory()) throw new InputError(`${path} is neither a file nor a folder`)
  const folder = info.isFile() ? dirname(path) : path
  const names = [...filesBelow(folder)]
  if (names.includes(sweepFileName)) return readSweep(folder)
  if (names.includes(cellFileName)) return fromRuns(folder, [await readCell(folder)])
  const files = names
    .filter((name) => /(^|[/\\])results_[^/\\]*\.json$|_\d{4}-\d\d-\d\dT[\d.-]+\.json$/.test(name))
    .sort()
  if (files.length === 0) throw new InputError(`${folder} holds no results: no results_….json and no ${sweepFileName}`)
  return fromRuns(folder, await Promise.all(files.map((name) => readRun(join(folder, name)))))
}

async function readSweep(folder: string): Promise<Experiment> {
  return experimentOfSweep(folder, await readResultsJson(join(folder, sweepFileName), 'a sweep file', sweepSchema))
}

/** Reads the results of a sweep, which lie in its folder. Throws InputError where none has run yet, and where one cannot be read. */
export async function experimentOfSweep(folder: string, sweep: SweepFile): Promise<Experiment> {
  const read = ({ results }: Pick<SweepCell, 'results'>) =>
    readParts(
      folder,
      sweep.tasks.flatMap((task) => (results[task] === undefined ? [] : [{ task, results: results[task] }])),
    )
  const open = async (cell: SweepCell): Promise<ExperimentRun | null> => {
    const { id, parameters } = cell
    const run = await read(cell)
    return run && { label: parametersLabel(parameters), id: id ?? '', parameters, results: run }
  }
  const baseline = await open(sweep.baseline)
  const runs = (await Promise.all(sweep.cells.map(open))).filter((run) => run !== null)
  const controls = await Promise.all(
    sweep.controls.map(async (control) => ({ of: control.of, kind: control.kind, results: await read(control) })),
  )
  if (baseline === null && runs.length === 0)
    throw new InputError(`${join(folder, sweepFileName)}: no cell of this sweep has run yet`)
  return {
    baseline: baseline && { ...baseline, label: 'unsteered' },
    runs,
    command: sweep.command,
    missing: [...sweep.cells, ...sweep.controls].filter(({ results }) =>
      sweep.tasks.some((task) => results[task] === undefined),
    ).length,
    controls: controls.flatMap(({ results, ...control }) => (results === null ? [] : [{ ...control, results }])),
  }
}

async function readCell(folder: string): Promise<RunResults> {
  const path = join(folder, cellFileName)
  const parts = await readResultsJson(path, "a cell's file", v.array(objectOf(cellResultsFields), 'a list of tasks'))
  const run = await readParts(folder, parts)
  if (run === null) throw new InputError(`${path} names no results`)
  return run
}

/** One run of tasks that may stand in several files: those that were added to a sweep later have their own. null for none. */
async function readParts(folder: string, parts: readonly CellResults[]): Promise<RunResults | null> {
  const files = [...new Set(parts.map(({ results }) => results))]
  const outside = files.find((file) => !isInside(folder, join(folder, file)))
  if (outside !== undefined) throw new InputError(`${folder} names results outside of it: ${shown(outside)}`)
  const tasksOf = (file: string) => parts.flatMap(({ task, results }) => (results === file ? [task] : []))
  const runs = await Promise.all(files.map((file) => readTasks(join(folder, file), tasksOf(file))))
  const [first] = runs
  if (first === undefined) return null
  return {
    ...first,
    scores: runs.flatMap(({ scores }) => scores),
    samples: new Map(runs.flatMap(({ samples }) => [...samples])),
  }
}

function fromRuns(folder: string, results: readonly RunResults[]): Experiment {
  const byDate = [...results].sort((a, b) => a.date.getTime() - b.date.getTime())
  const baseline = byDate.findLast((run) => !isSteered(run)) ?? null
  const others = byDate.filter((run) => run !== baseline)
  const parameters = others.map((run) => steeringParameters(run, folder))
  const varying = Object.keys(Object.assign({}, ...parameters)).filter(
    (name) => new Set(parameters.map((values) => values[name])).size > 1,
  )
  const commands = [...new Set(results.map(commandOf))]
  return {
    baseline: baseline && { label: 'unsteered', parameters: {}, results: baseline },
    runs: others.map((run, index) => {
      const own = Object.fromEntries(Object.entries(parameters[index]!).filter(([name]) => varying.includes(name)))
      return { label: varying.length > 0 ? parametersLabel(own) : runName(run, folder), parameters: own, results: run }
    }),
    command: commands.length === 1 ? commands[0]! : null,
    missing: 0,
  }
}

/** "coefficient -20, latent 7". */
export function parametersLabel(parameters: Parameters): string {
  const parts = Object.entries(parameters).map(([name, value]) => `${name} ${String(value).replace(/^-(?=\d)/, '−')}`)
  return parts.join(', ') || 'steered'
}

function isSteered({ provenance, modelArgs }: RunResults): boolean {
  return provenance?.steering !== undefined || ['csv_path', 'steer_path'].some((name) => name in modelArgs)
}

/** Rows tell what a run is called, so a record without any is one too. */
const steeringSchema = v.fallback(objectOf({ rows: v.array(object) }), { rows: [] })

/** Arguments of models that name the model or the file of its edits. */
const known = ['base_name', 'pretrained', 'csv_path', 'steer_path']

/** What a run's own record says of its edits, and its model's other arguments. */
function steeringParameters(run: RunResults, folder: string): Record<string, string | number> {
  const { provenance, modelArgs } = run
  const file = modelArgs.csv_path ?? modelArgs.steer_path
  const { rows } = v.parse(steeringSchema, provenance?.steering)
  const of = (name: string) => new Set(rows.map((row) => row[name]))
  const common = (label: string, column: string) => {
    const values = [...of(column)]
    const [value] = values
    return values.length === 1 && (typeof value === 'string' || typeof value === 'number') ? { [label]: value } : {}
  }
  return {
    ...(typeof file === 'string' ? { csv: file } : {}),
    ...common('coefficient', 'steering_coefficient'),
    ...common('latent', 'latent_idx'),
    ...common('action', 'hook_action'),
    ...('steer_path' in modelArgs ? { scale: 1 } : {}),
    ...Object.fromEntries(
      Object.entries(modelArgs).flatMap(([name, value]) =>
        !known.includes(name) && (typeof value === 'string' || typeof value === 'number') ? [[name, value]] : [],
      ),
    ),
    ...(typeof file === 'string' ? {} : { file: runName(run, folder) }),
  }
}

function runName(run: RunResults, folder: string): string {
  return relative(folder, run.path) || basename(run.path)
}

function commandOf(run: RunResults): string | null {
  const command = run.provenance?.command
  return typeof command === 'string' ? command : null
}
