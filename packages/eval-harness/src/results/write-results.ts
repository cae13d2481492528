import { randomBytes } from 'node:crypto'
import { access, constants, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { InputError } from '@saeval/hub'
import { dumpsJson } from '../python/json.js'
import type { PyDict } from '../python/value.js'
import { makeFolder } from './make-folder.js'
import { dateId, sanitizeModelName } from './names.js'

/** Where a run's files go. */
export interface OutputPlace {
  readonly folder: string
  /** Name of the results file without date: "results", or the stem of an --output_path that ends in .json. */
  readonly stem: string
}

/**
 * Makes the folder that --output_path means: OUT/<model>/ or, where it ends in .json, the folder it is in. Throws InputError where
 * nothing can be written there, so that it shows before the hours of computing.
 */
export async function prepareOutput(outputPath: string, modelName: string): Promise<OutputPlace> {
  const json = extname(outputPath) === '.json'
  const folder = json ? dirname(resolve(outputPath)) : join(resolve(outputPath), sanitizeModelName(modelName))
  try {
    makeFolder(folder)
    await access(folder, constants.W_OK)
  } catch (cause) {
    throw new InputError(
      `--output_path ${outputPath}: cannot write into ${folder} (${(cause as NodeJS.ErrnoException).code})`,
      { cause },
    )
  }
  return { folder, stem: json ? basename(outputPath, '.json') : 'results' }
}

/**
 * Writes results_<date>.json and, for every task in `samples`, samples_<task>_<date>.jsonl. All files are written under temporary names
 * first and appear together; where that fails none is left behind. Gives the paths, results first.
 */
export async function writeResults(
  { folder, stem }: OutputPlace,
  results: PyDict,
  samples: ReadonlyMap<string, readonly PyDict[]>,
): Promise<string[]> {
  const date = dateId(performance.timeOrigin + performance.now())
  const files = [
    { path: join(folder, `${stem}_${date}.json`), text: dumpsJson(results, { indent: 2, ensureAscii: false }) },
    ...[...samples].map(([task, lines]) => ({
      path: join(folder, `samples_${task.replaceAll('/', '__')}_${date}.jsonl`),
      text: lines.map((line) => `${dumpsJson(line, { ensureAscii: false })}\n`).join(''),
    })),
  ]
  const suffix = `.${randomBytes(6).toString('hex')}.tmp`
  const written: string[] = []
  try {
    for (const { path, text } of files) {
      written.push(path + suffix)
      await writeFile(path + suffix, text)
    }
    for (const { path } of files) {
      await rename(path + suffix, path)
      written.push(path)
    }
  } catch (cause) {
    await Promise.all(written.map((path) => rm(path, { force: true })))
    throw new Error(`cannot write the results into ${folder}: ${(cause as Error).message}`, { cause })
  }
  return files.map(({ path }) => path)
}
