import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Said } from '@saeval/hub'
import { type Experiment, type ExperimentRun, readExperiment } from '@saeval/report'
import { sweepFileName } from '@saeval/report/internal/results/sweep-file'

/** What a folder is, and what is wanted of it. */
export interface FolderOptions {
  /** A folder of results or a sweep, which may run still. */
  readonly folder: string
  /** What the steering is about, as renderReport takes it. */
  readonly target?: string
  /** The text of what pages say of options; by default under the libraries' names for them. */
  readonly words?: (said: Said) => string
}

/** A folder as its pages see it, which may change under them. */
export interface UiFolder {
  readonly path: string
  readonly target: string | undefined
  readonly words: (said: Said) => string
  /** What it holds, as text: another one when files came or changed. */
  version(): string
  /** Its runs, read once for each version. Throws InputError where there are none yet. */
  experiment(): Promise<Experiment>
  /** What is made of the runs, once for each version and name. */
  kept<Value>(name: string, make: (experiment: Experiment) => Promise<Value>): Promise<Value>
  /** Ends when it is closed. */
  readonly closed: AbortSignal
  close(): void
}

/** Things that are kept at most. */
const mostKept = 16

export function openFolder({ folder: path, target, words = String }: FolderOptions): UiFolder {
  const closing = new AbortController()
  let known = ''
  const things = new Map<string, Promise<unknown>>()
  const kept = <Value>(name: string, make: () => Promise<Value>): Promise<Value> => {
    const now = versionOf(path)
    if (now !== known) things.clear()
    known = now
    const found = things.get(name)
    if (found) return found as Promise<Value>
    const made = make()
    // what failed is tried again
    made.catch(() => things.delete(name))
    things.set(name, made)
    for (const first of things.keys()) if (things.size > mostKept) things.delete(first)
    return made
  }
  const experiment = () => kept('experiment', () => readExperiment(path))
  return {
    path,
    target,
    words,
    version: () => versionOf(path),
    experiment,
    kept: (name, make) => kept(`of ${name}`, async () => make(await experiment())),
    closed: closing.signal,
    close: () => closing.abort(),
  }
}

/** Names, sizes and times of the files that results are read from, and which cells somebody has. */
function versionOf(path: string): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(path, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!/\.(json|claim)$/.test(name)) continue
    const info = statSync(join(path, name), { throwIfNoEntry: false })
    const isClaim = name.endsWith('.claim')
    if (info?.isFile()) hash.update(`${name}\0${isClaim ? '' : `${info.size} ${info.mtimeMs}`}\n`)
  }
  return hash.digest('hex')
}

/** All runs of an experiment, the unsteered one first. */
export function allRuns({ baseline, runs }: Experiment): ExperimentRun[] {
  return [...(baseline ? [baseline] : []), ...runs]
}

/** The run that a page's address names by its number; the first where it names none. */
export function runOf(experiment: Experiment, number: string | null, otherwise = 0): ExperimentRun {
  const all = allRuns(experiment)
  return all[Number(number ?? otherwise)] ?? all[Math.min(otherwise, all.length - 1)]!
}

/** Ids of cells that a process has now. */
export function claimedCells(path: string): ReadonlySet<string> {
  try {
    const names = readdirSync(join(path, 'claims')).filter((name) => name.endsWith('.claim'))
    return new Set(names.map((name) => basename(name, '.claim')))
  } catch {
    return new Set()
  }
}

/** The text of sweep.json; null where the folder is none of a sweep. */
export function sweepText(path: string): string | null {
  try {
    return readFileSync(join(path, sweepFileName), 'utf8')
  } catch {
    return null
  }
}
