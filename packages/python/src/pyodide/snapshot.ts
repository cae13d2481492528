import { createHash, randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cacheFolder, type Environment, makeFolder } from '@saeval/hub'
import type { PythonFile } from './python-file.js'

/** Folder of saeval's cache that keeps CPython's memory after its start: Pyodide and the files beside it, nothing of a task or of a user. */
const folder = 'python'
const ending = '.snapshot'

/** A kept start of Python: a file of saeval's cache. */
export interface KeptStart {
  readonly path: string
  readonly bytes: number
  /** When it was written. */
  readonly modified: Date
}

/** The kept starts by name, unfinished ones too; [] where there are none. */
export function listKeptStarts(env: Environment = process.env): KeptStart[] {
  const cache = cacheFolder(env)
  if (cache === null) return []
  return filesOf(join(cache, folder))
    .filter((name) => /\.snapshot(\.[\w-]+\.part)?$/.test(name))
    .sort()
    .map((name) => {
      const path = join(cache, folder, name)
      const { size, mtime } = statSync(path)
      return { path, bytes: size, modified: mtime }
    })
}

/** Removes every file that listKeptStarts names and returns them. */
export function clearKeptStarts(env: Environment = process.env): KeptStart[] {
  const files = listKeptStarts(env)
  for (const { path } of files) rmSync(path, { force: true })
  return files
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/**
 * Where the start of the Pyodide in a folder with these files is kept; null where SAEVAL_CACHE is "off". Another Pyodide or
 * another file is another name; python/snapshot.mjs says what the file holds, and checks it.
 */
export function snapshotPath(
  pyodide: string,
  files: readonly PythonFile[],
  env: Environment = process.env,
): string | null {
  const cache = cacheFolder(env)
  if (cache === null) return null
  const { version } = JSON.parse(readFileSync(join(pyodide, 'package.json'), 'utf8')) as { version: string }
  const hash = createHash('sha256')
  for (const [path, bytes] of files) hash.update(`${path} ${bytes.length} `).update(bytes)
  return join(cache, folder, `pyodide-${version}-${hash.digest('hex').slice(0, 16)}${ending}`)
}

/** Keeps a start where it can be written: whole or not at all, whoever else writes it. */
export function keepSnapshot(path: string, bytes: Uint8Array): void {
  const part = `${path}.${randomUUID()}.part`
  try {
    makeFolder(dirname(path))
    try {
      writeFileSync(part, bytes)
      renameSync(part, path)
    } finally {
      rmSync(part, { force: true })
    }
  } catch {
    // a folder without room or leave: the next start takes as long as this one
  }
}
