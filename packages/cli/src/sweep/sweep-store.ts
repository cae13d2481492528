import { mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError, makeWritableFolder, writeFiles } from '@saeval/hub'
import { type SweepCell, type SweepFile, sweepFileName } from '@saeval/report'
import type { Cell } from './sweep-cells.js'

/** Id of the unsteered run among the cells. */
export const baselineId = 'baseline'

/** A sweep's folder: what has run, and a place for what will. */
export interface SweepStore {
  readonly folder: string
  /** Cells without results, the baseline (id `baseline`, no parameters) first. */
  missing(): readonly SweepCell[]
  /** Folder of a cell's files. */
  cellFolder(id: string): string
  /** Enters a cell's results file; the folder is consistent before and after. */
  finish(id: string, resultsFile: string): Promise<void>
  /** Lets others use the folder. */
  close(): Promise<void>
}

export interface SweepStoreOptions {
  readonly folder: string
  readonly saeval: string
  readonly command: string
  readonly fingerprint: string
  readonly cells: readonly Cell[]
}

/**
 * Opens a sweep's folder, or makes it; every cell's folder holds the steering CSV that a single run of it would read. Throws InputError where
 * another sweep lies there, where another process works on it, and where nothing can be written.
 */
export async function openSweepStore({
  folder,
  saeval,
  command,
  fingerprint,
  cells,
}: SweepStoreOptions): Promise<SweepStore> {
  makeWritableFolder(`--output_path ${folder}`, folder)
  const unlock = await lock(join(folder, 'sweep.lock'))
  const path = join(folder, sweepFileName)
  const cellFolder = (id: string) => join(folder, 'cells', id)
  try {
    let sweep = await existing(path)
    if (sweep !== null && sweep.fingerprint !== fingerprint)
      throw new InputError(
        `${folder} holds the results of another sweep (${sweep.command}); choose another --output_path, or delete it`,
      )
    if (sweep === null) {
      const open = (id: string, parameters: SweepCell['parameters']): SweepCell => ({ id, parameters, results: null })
      sweep = {
        saeval,
        command,
        fingerprint,
        baseline: open(baselineId, {}),
        cells: cells.map(({ id, parameters }) => open(id, parameters)),
      }
    }
    await mkdir(cellFolder(baselineId), { recursive: true })
    for (const { id, csv } of cells) {
      await mkdir(cellFolder(id), { recursive: true })
      writeFiles([[join(cellFolder(id), 'steer.csv'), csv]])
    }
    // results that were deleted by hand are missing again
    let current = await withPresentResults(folder, sweep)
    writeFiles([[path, sweepText(current)]])
    return {
      folder,
      missing: () => [current.baseline, ...current.cells].filter(({ results }) => results === null),
      cellFolder,
      finish: async (id, resultsFile) => {
        const enter = (cell: SweepCell) => (cell.id === id ? { ...cell, results: resultsFile } : cell)
        current = { ...current, baseline: enter(current.baseline), cells: current.cells.map(enter) }
        writeFiles([[path, sweepText(current)]])
      },
      close: unlock,
    }
  } catch (error) {
    await unlock()
    throw error
  }
}

function sweepText(sweep: SweepFile): string {
  return `${JSON.stringify(sweep, null, 2)}\n`
}

async function existing(path: string): Promise<SweepFile | null> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  try {
    return JSON.parse(text) as SweepFile
  } catch (cause) {
    throw new InputError(`${path} is damaged; delete it to start the sweep again`, { cause })
  }
}

async function withPresentResults(folder: string, sweep: SweepFile): Promise<SweepFile> {
  const check = async (cell: SweepCell): Promise<SweepCell> => {
    if (cell.results === null) return cell
    const isThere = await stat(join(folder, cell.results)).then(
      () => true,
      () => false,
    )
    return isThere ? cell : { ...cell, results: null }
  }
  return { ...sweep, baseline: await check(sweep.baseline), cells: await Promise.all(sweep.cells.map(check)) }
}

/** Makes a lock file that holds the process's number; one that a dead process left is taken over. */
async function lock(path: string): Promise<() => Promise<void>> {
  for (;;) {
    try {
      const file = await open(path, 'wx')
      await file.writeFile(String(process.pid))
      await file.close()
      return () => rm(path, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const owner = Number(await readFile(path, 'utf8').catch(() => ''))
      if (owner > 0 && owner !== process.pid && isAlive(owner))
        throw new InputError(`process ${owner} is running a sweep in this folder; wait for it, or delete ${path}`)
      await rm(path, { force: true })
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
