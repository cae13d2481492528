import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Said } from '@saeval/hub'
import { type ClaimState, openClaims } from '@saeval/hub/internal/claims/claims'
import { type Experiment, readExperiment } from '@saeval/report'
import type { KeptRuns } from '@saeval/report/internal/compare/compare'
import { type Kept, keepRuns } from '@saeval/report/internal/compare/kept-runs'
import { filesBelow, ifThere } from '@saeval/report/internal/results/files-below'
import { sweepFileName } from '@saeval/report/internal/results/sweep-file'
import type { SteeredRun } from './steer-run.js'

/** What a folder is, and what is wanted of it. */
export interface FolderOptions {
  /** A folder of results or a sweep, which may run still. */
  readonly folder: string
  /** What the steering is about, as renderReport takes it. */
  readonly target?: string
  /** The text of what pages say of options; by default under the libraries' names for them. */
  readonly words?: (said: Said) => string
}

/** A folder that may change while its pages are open. */
export interface UiFolder {
  /** What it holds, as text: another one when files came or changed, or a cell's owner did. */
  version(): string
  /** The folder as it is now. A page is made of one view, so that it never mixes what was with what is. */
  view(): FolderView
  /** Ends when it is closed. */
  readonly closed: AbortSignal
  close(): void
}

/** A folder in one version, as one page sees it. */
export interface FolderView {
  readonly path: string
  readonly target: string | undefined
  readonly words: (said: Said) => string
  /** As UiFolder gives it. */
  readonly version: string
  /** The same of the files alone: it stays where only who has which cell has changed. */
  readonly files: string
  /** Its runs, read once. Throws InputError where there are none yet. */
  experiment(): Promise<Experiment>
  /** What is made of the runs, once for each name. */
  kept<Value>(name: string, make: (experiment: Experiment) => Promise<Value>): Promise<Value>
  /** What was found of runs, and pages that steer them: they stay while those runs' own files are as they were, whatever comes beside them. */
  readonly found: KeptRuns
  readonly steered: Kept<SteeredRun>
}

/** Things that are kept at most: pages, what was found of runs (numbers), pages that steer (with their questions). */
const mostKept = 16
const mostFound = 4096
const mostSteered = 4

export function openFolder(options: FolderOptions): UiFolder {
  const closing = new AbortController()
  const found: KeptRuns = keepRuns(mostFound)
  const steered = keepRuns<SteeredRun>(mostSteered)
  let last: FolderView | null = null
  return {
    version: () => versionOf(options.folder).version,
    view: () => {
      const now = versionOf(options.folder)
      if (last?.files !== now.files) last = { ...viewOf(options), ...now, found, steered }
      else if (last.version !== now.version) last = { ...last, ...now }
      return last
    },
    closed: closing.signal,
    close: () => closing.abort(),
  }
}

function viewOf({
  folder: path,
  target,
  words = String,
}: FolderOptions): Omit<FolderView, 'version' | 'files' | 'found' | 'steered'> {
  const [read, made] = [new Map<string, Promise<unknown>>(), new Map<string, Promise<unknown>>()]
  const experiment = () => keep(read, 'experiment', () => readExperiment(path))
  return {
    path,
    target,
    words,
    experiment,
    kept: (name, make) => keep(made, name, async () => make(await experiment())),
  }
}

function keep<Value>(things: Map<string, Promise<unknown>>, name: string, make: () => Promise<Value>): Promise<Value> {
  const found = things.get(name)
  if (found) return found as Promise<Value>
  const made = make()
  things.set(name, made)
  // what failed is tried again
  made.catch(() => things.get(name) === made && things.delete(name))
  for (const first of things.keys()) if (things.size > mostKept) things.delete(first)
  return made
}

/** Of names, sizes and times of the files that results are read from, and with them of which cells somebody has who is alive. */
function versionOf(path: string): Pick<FolderView, 'version' | 'files'> {
  const hash = createHash('sha256')
  for (const name of [...filesBelow(path)].filter((file) => file.endsWith('.json')).sort()) {
    const info = ifThere(() => statSync(join(path, name)))
    if (info) hash.update(`${name}\0${info.size} ${info.mtimeMs}\n`)
  }
  const files = hash.copy().digest('hex')
  for (const [cell, { isDead }] of [...cellClaims(path)].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${cell}\0${isDead}\n`)
  return { version: hash.digest('hex'), files }
}

/** Who has which cell of a sweep, by the cell's id. */
export function cellClaims(path: string): ReadonlyMap<string, ClaimState> {
  return ifThere(() => openClaims(join(path, 'claims')).list()) ?? new Map()
}

/** The text of sweep.json; null where the folder is none of a sweep. */
export function sweepText(path: string): string | null {
  return ifThere(() => readFileSync(join(path, sweepFileName), 'utf8'))
}
