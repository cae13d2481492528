import { basename, dirname, extname, join, resolve } from 'node:path'
import { makeWritableFolder, option, sentence, writeFiles } from '@saeval/hub'
import { dumpsJson } from '@saeval/python/internal/json/json'
import type { PyDict } from '@saeval/python/internal/values/value'
import { dateId, sanitizeModelName } from './names.js'

/** Where a run's files go. */
export interface OutputPlace {
  readonly folder: string
  /** Name of the results file without date: "results", or the stem of an output path that ends in .json. */
  readonly stem: string
}

/**
 * Makes the folder that the output path means: OUT/<model>/ or, where it ends in .json, the folder it is in. Throws InputError where
 * nothing can be written there, so that it shows before the hours of computing.
 */
export function prepareOutput(outputPath: string, modelName: string): OutputPlace {
  const json = extname(outputPath) === '.json'
  const folder = json ? dirname(resolve(outputPath)) : join(resolve(outputPath), sanitizeModelName(modelName))
  makeWritableFolder(sentence`${option('outputPath')} ${outputPath}`, folder)
  return { folder, stem: json ? basename(outputPath, '.json') : 'results' }
}

/**
 * Writes results_<date>.json and, for every task in `samples`, samples_<task>_<date>.jsonl; they appear together or not at all. Gives the
 * paths, results first. Throws InputError naming a file that cannot be written.
 */
export function writeResults(
  { folder, stem }: OutputPlace,
  results: PyDict,
  samples: ReadonlyMap<string, readonly PyDict[]>,
): string[] {
  const date = dateId(performance.timeOrigin + performance.now())
  const all = [join(folder, `${stem}_${date}.json`), dumpsJson(results, { indent: 2, ensureAscii: false })] as const
  const ofTasks = [...samples].map(
    ([task, lines]) =>
      [
        join(folder, `samples_${task.replaceAll('/', '__')}_${date}.jsonl`),
        lines.map((line) => `${dumpsJson(line, { ensureAscii: false })}\n`).join(''),
      ] as const,
  )
  // where the results are, the samples are too, whenever the process ends
  writeFiles([...ofTasks, all])
  return [all, ...ofTasks].map(([path]) => path)
}
