import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { InputError, makeWritableFolder, option, sentence, writeFiles } from '@saeval/hub'
import { objectOf, text } from '@saeval/hub/checks'
import {
  cellFileName,
  cellResultsFields,
  type SweepCell,
  type SweepFile,
  sweepFileName,
} from '@saeval/report/internal/results/sweep-file'
import * as v from 'valibot'
import type { Cell } from './sweep-cells.js'
import type { Fingerprint } from './sweep-fingerprint.js'

/** Id of the unsteered run among the cells. */
export const baselineId = 'baseline'

/** A cell and the tasks that it has no results of. */
export type MissingCell = Pick<SweepCell, 'id' | 'parameters'> & { readonly tasks: readonly string[] }

/** A sweep's folder: what has run, and a place for what will. */
export interface SweepStore {
  readonly folder: string
  /** Folder of a cell's files. */
  cellFolder(id: string): string
  /**
   * Says what decides a cell's results on each task; gives the tasks that must run. Results of any cell in the folder that were decided by the
   * same are taken; those of other code of plug-ins are replaced. Throws InputError where the cell's own were decided by something else.
   */
  enter(id: string, wanted: readonly Fingerprint[]): string[]
  /** Cells that were entered and have results of other code of plug-ins, to be replaced. */
  readonly renewed: ReadonlySet<string>
  /** When all cells are entered: writes down what is asked for. Gives the cells to run, the baseline (no parameters) first. */
  begin(): MissingCell[]
  /** Enters a cell's results file, which holds these tasks; the folder is consistent before and after. */
  finish(id: string, tasks: readonly string[], resultsFile: string): void
  /**
   * Looks what other processes have finished of a cell since it was entered. Gives the tasks that must run still, and the results files of the others.
   */
  look(id: string): { readonly missing: readonly string[]; readonly files: readonly string[] }
  /** Writes down what has run, by others too. Gives that: another sweep in this folder may have written down its own a moment later. */
  end(): SweepFile
}

export interface SweepStoreOptions {
  readonly folder: string
  readonly saeval: string
  readonly command: string
  /** Names of the tasks and groups. */
  readonly tasks: readonly string[]
  readonly cells: readonly Cell[]
}

/** cell.json: a line for each task or group. */
const cellSchema = v.array(
  objectOf({ ...cellResultsFields, model: text, edits: text, asked: text, plugins: v.optional(text, '') }),
  'a list of tasks',
)
type Finished = Readonly<v.InferOutput<typeof cellSchema>[number]>

/** Throws InputError where the file is damaged. */
function readCell(path: string): readonly Finished[] {
  try {
    return v.parse(cellSchema, JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw new InputError(`${path} is damaged; delete ${dirname(path)} to run that cell again`, { cause })
  }
}

/**
 * Opens a sweep's folder, or makes it; every cell's folder holds the steering CSV that a single run of it would read. Throws InputError where
 * a cell has results of another CSV, and where nothing can be written. Several processes may use a folder, each cell one at a time.
 */
export function openSweepStore({ folder, saeval, command, tasks, cells }: SweepStoreOptions): SweepStore {
  makeWritableFolder(sentence`${option('output_path')} ${folder}`, folder)
  const cellFolder = (id: string) => join(folder, 'cells', id)
  const finished = readFinished(join(folder, 'cells'))
  for (const { id, csv } of cells)
    if (finished.has(id) && csv !== readCellCsv(folder, id)) throw changed(folder, id, 'another steering CSV')
  makeWritableFolder(sentence`${option('output_path')} ${folder}`, cellFolder(baselineId))
  for (const { id, csv } of cells) writeCellCsv(folder, id, csv)
  const entered = new Map<string, readonly Fingerprint[]>()
  const renewed = new Set<string>()
  const results = new Map<string, Record<string, string>>()
  const open = (id: string, parameters: SweepCell['parameters']): SweepCell => ({
    id,
    parameters,
    results: results.get(id) ?? {},
  })
  const look = (id: string) => {
    const own = readFinishedCell(join(folder, 'cells'), id)
    finished.set(id, own)
    const before = results.get(id) ?? {}
    const now = (entered.get(id) ?? []).flatMap((print): [string, string][] => {
      const line = print.task in before ? undefined : own.find((other) => isSame(other, print))
      return line === undefined ? [] : [[print.task, `cells/${id}/${line.results}`]]
    })
    const all = { ...before, ...Object.fromEntries(now) }
    results.set(id, Object.fromEntries(tasks.flatMap((task) => (all[task] ? [[task, all[task]]] : []))))
    return { missing: tasks.filter((task) => !(task in all)), files: [...new Set(Object.values(all))] }
  }
  const sweepFile = (): SweepFile => {
    for (const id of [baselineId, ...cells.map((cell) => cell.id)]) look(id)
    return {
      saeval,
      command,
      tasks,
      baseline: open(baselineId, {}),
      cells: cells.flatMap(({ id, parameters, control }) => (control === undefined ? [open(id, parameters)] : [])),
      controls: cells.flatMap(({ id, parameters, control }) =>
        control === undefined ? [] : [{ ...open(id, parameters), ...control }],
      ),
    }
  }
  const sweepText = (sweep = sweepFile()) =>
    [join(folder, sweepFileName), `${JSON.stringify(sweep, null, 2)}\n`] as const
  return {
    folder,
    cellFolder,
    renewed,
    enter: (id, wanted) => {
      entered.set(id, wanted)
      const own = finished.get(id) ?? []
      const found = wanted.map((print) => {
        const places = [[id, own] as const, ...finished]
        const place = places.find(([, list]) => list.some((other) => isSame(other, print)))
        const before = own.find(({ task }) => task === print.task)
        if (place === undefined && before !== undefined) {
          const what = whatChanged(before, print)
          if (what !== null) throw changed(folder, id, what)
          renewed.add(id)
        }
        return place && ([print.task, ['cells', place[0], resultsOf(place[1], print)].join('/')] as const)
      })
      results.set(id, Object.fromEntries(found.filter((entry) => entry !== undefined)))
      return tasks.filter((task) => results.get(id)![task] === undefined)
    },
    begin: () => {
      writeFiles([sweepText()])
      return [{ id: baselineId, parameters: {} }, ...cells]
        .map(({ id, parameters }) => ({ id, parameters, tasks: tasks.filter((task) => !(task in results.get(id)!)) }))
        .filter((cell) => cell.tasks.length > 0)
    },
    look,
    end: () => {
      const sweep = sweepFile()
      writeFiles([sweepText(sweep)])
      return sweep
    },
    finish: (id, ran, resultsFile) => {
      const name = basename(resultsFile)
      const lines = [
        ...readFinishedCell(join(folder, 'cells'), id).filter(({ task }) => !ran.includes(task)),
        ...entered.get(id)!.flatMap((print) => (ran.includes(print.task) ? [{ ...print, results: name }] : [])),
      ]
      finished.set(id, lines)
      const all = { ...results.get(id), ...Object.fromEntries(ran.map((task) => [task, `cells/${id}/${name}`])) }
      results.set(id, Object.fromEntries(tasks.flatMap((task) => (all[task] ? [[task, all[task]]] : []))))
      writeFiles([[join(cellFolder(id), cellFileName), `${JSON.stringify(lines, null, 2)}\n`], sweepText()])
    },
  }
}

/** What has run in each cell; results that were deleted by hand are not there. */
function readFinished(folder: string): Map<string, readonly Finished[]> {
  const finished = new Map<string, readonly Finished[]>()
  for (const id of existsSync(folder) ? readdirSync(folder) : []) {
    const lines = readFinishedCell(folder, id)
    if (lines.length > 0) finished.set(id, lines)
  }
  return finished
}

function readFinishedCell(folder: string, id: string): readonly Finished[] {
  const path = join(folder, id, cellFileName)
  return existsSync(path) ? readCell(path).filter(({ results }) => existsSync(join(folder, id, results))) : []
}

/** The steering CSV of a cell of a sweep's folder; null where it has none. */
export function readCellCsv(folder: string, id: string): string | null {
  const path = join(folder, 'cells', id, 'steer.csv')
  return existsSync(path) ? readFileSync(path, 'utf8') : null
}

function writeCellCsv(folder: string, id: string, csv: string): void {
  const place = join(folder, 'cells', id)
  makeWritableFolder(sentence`${option('output_path')} ${folder}`, place)
  writeFiles([[join(place, 'steer.csv'), csv]])
}

/** Writes the CSVs of cells down where there is none yet, so that whoever draws later finds them. */
export function writeNewCsvs(folder: string, cells: readonly Cell[]): void {
  for (const { id, csv } of cells) if (readCellCsv(folder, id) === null) writeCellCsv(folder, id, csv)
}

function isSame(a: Fingerprint, b: Fingerprint): boolean {
  return a.task === b.task && whatChanged(a, b) === null && a.plugins === b.plugins
}

function resultsOf(list: readonly Finished[], wanted: Fingerprint): string {
  return list.find((other) => isSame(other, wanted))!.results
}

/** null where it is at most the code of plug-ins. */
function whatChanged(before: Fingerprint, now: Fingerprint): string | null {
  if (before.model !== now.model) return 'another model or other settings of it'
  if (before.edits !== now.edits) return 'other edits: an SAE, the features file or an argument has changed'
  if (before.asked !== now.asked) return `${now.task} with other documents, prompts, settings of generation or scoring`
  return null
}

function changed(folder: string, id: string, what: string): InputError {
  return new InputError(
    sentence`${join(folder, 'cells', id)} holds results of ${what}; choose another ${option('output_path')}, or delete the cells that are to run again`,
  )
}
