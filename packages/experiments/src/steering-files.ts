import { basename, dirname, join } from 'node:path'
import { InputError, option, sentence } from '@saeval/hub'
import { isPattern } from '@saeval/python/internal/globs/fnmatch'
import { globNames } from '@saeval/python/internal/globs/glob'
import { readSteeringFile, type SteeringFile } from '@saeval/steering'
import { parseSteeringCsv } from '@saeval/steering-csv'
import { type Cell, type SweepCsv, settingText } from './sweep-cells.js'

/** Reads the CSVs that paths and patterns (*, ? and [...] in the last part) name, in order. Throws InputError for a pattern without a file. */
export async function readSweepCsvs(words: readonly string[]): Promise<SweepCsv[]> {
  const paths = [...new Set(words.flatMap(matchingFiles))]
  return Promise.all(paths.map(async (path) => ({ path, rows: (await readSteeringFile(path)).rows })))
}

/** The CSV that was made for a cell, with file and lines of the CSV that the user wrote. */
export async function readCellFile(csvPath: string, { source, parameters }: Cell): Promise<SteeringFile> {
  const file = await readSteeringFile(csvPath)
  const setting = settingText(parameters)
  return {
    ...file,
    path: source.path,
    rows: file.rows.map((row, index) => ({ ...row, line: source.lines[index]! })),
    cellPath: csvPath,
    ...(setting === '' ? {} : { setting }),
  }
}

/** The same of a cell that has no file yet. */
export function cellFile({ source, csv }: Cell): SteeringFile {
  const parsed = parseSteeringCsv(csv)
  if (!parsed.success || parsed.dialect === 'steered') throw new Error('a cell holds a CSV that cannot be read')
  const rows = parsed.rows.map((row, index) => ({ ...row, line: source.lines[index]! }))
  return { path: source.path, sha256: '', rows, ignoredColumns: [], cellPath: null }
}

function matchingFiles(word: string): string[] {
  if (!isPattern(basename(word))) return [word]
  const folder = dirname(word)
  let found: string[]
  try {
    found = globNames(folder, basename(word))
  } catch (cause) {
    throw new InputError(sentence`${option('csv')} ${word}: there is no folder ${folder}`, { cause })
  }
  if (found.length === 0) throw new InputError(sentence`${option('csv')} ${word}: no file has such a name`)
  return found.map((name) => join(folder, name))
}
