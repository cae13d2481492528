import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { InputError } from '@saeval/hub'
import { isObject, text } from '@saeval/hub/checks'
import type { ModelArguments } from '@saeval/language-model'
import { type Experiment, type ExperimentRun, readExperiment } from '@saeval/report'
import { filesBelow } from '@saeval/report/internal/results/files-below'
import { readResultsJson } from '@saeval/report/internal/results/results-json'
import { sweepFileName, sweepSchema } from '@saeval/report/internal/results/sweep-file'
import type { SaeFileIdentity } from '@saeval/sae-core'
import { isListedRelease } from '@saeval/sae-core/internal/registry/find-sae'
import { parseSteeringCsv } from '@saeval/steering-csv'
import * as v from 'valibot'

/** Results of steered runs and of the unsteered one. */
export interface CardResults {
  /** Folder that they lie in. */
  readonly folder: string
  readonly experiment: Experiment & { readonly baseline: ExperimentRun }
  /** Files that belong to them, relative to the folder: results, sweep.json, CSVs of cells. Samples are not among them. */
  readonly files: readonly string[]
  /** Files of samples, relative to the folder. */
  readonly samples: readonly string[]
}

/** Reads what a card is made of. Throws InputError where something is missing that a card needs. */
export async function readCardResults(results: string): Promise<CardResults> {
  const experiment = await readExperiment(results)
  const { baseline, runs, missing } = experiment
  const folder = statSync(results).isDirectory() ? results : dirname(results)
  if (baseline === null)
    throw new InputError(
      `${results} holds no results of the unsteered model, beside which a card shows the steered ones; run the same tasks without edits into that folder`,
    )
  if (runs.length === 0) throw new InputError(`${results} holds results of the unsteered model alone`)
  if (missing > 0) throw new InputError(`${missing} runs of the sweep in ${results} are missing; let it end first`)
  const path = join(folder, sweepFileName)
  const sweep = existsSync(path) ? await readResultsJson(path, 'a sweep file', sweepSchema) : null
  const all = [baseline, ...runs, ...(experiment.controls ?? [])].map(({ results: run }) => run)
  const inFolder = (file: string) => resolve(file).slice(resolve(folder).length + 1)
  const csvs = [...(sweep?.cells ?? []), ...(sweep?.controls ?? [])]
    .map(({ id }) => join('cells', id, 'steer.csv'))
    .filter((file) => existsSync(join(folder, file)))
  const files =
    sweep === null
      ? all.map((run) => inFolder(run.path))
      : [
          sweepFileName,
          ...csvs,
          ...[sweep.baseline, ...sweep.cells, ...sweep.controls].flatMap((cell) => Object.values(cell.results)),
        ]
  for (const run of all)
    if (run.samples.size === 0)
      throw new InputError(
        `${run.path} has no samples beside it, which a card compares; run it again with its samples logged`,
      )
  const samples = all.flatMap((run) => [...run.samples.values()].map(inFolder))
  return {
    folder,
    experiment: { ...experiment, baseline },
    files: [...new Set(files)],
    samples: [...new Set(samples)],
  }
}

const steeringRecord = v.looseObject({
  csv_sha256: v.optional(text),
  steer_sha256: v.optional(text),
  saes: v.fallback(v.array(v.looseObject({ files: v.fallback(v.array(v.custom<SaeFileIdentity>(isObject)), []) })), []),
})

/** What a run's own record says of its edits. Throws InputError where there is none. */
export function steeringOf({ results }: ExperimentRun): {
  readonly sha256: string
  readonly saes: readonly SaeFileIdentity[]
} {
  const parsed = v.safeParse(steeringRecord, results.provenance?.steering)
  const sha256 = parsed.success ? (parsed.output.csv_sha256 ?? parsed.output.steer_sha256) : undefined
  if (!parsed.success || sha256 === undefined)
    throw new InputError(
      `${results.path} does not say which edits it was made with; only results of saeval can be put on a card`,
    )
  const files = parsed.output.saes.flatMap((sae) => sae.files)
  return { sha256, saes: [...new Map(files.map((file) => [`${file.place}\n${file.path}`, file])).values()] }
}

/** model_args of a run. */
export function argumentsOf({ results }: ExperimentRun): ModelArguments {
  return results.modelArgs as ModelArguments
}

/** What SAE folders are called in a CSV: the name as it is written -> the folder, relative to the working folder. */
export function foldersIn(csv: string): Map<string, string> {
  const parsed = /\.json$/i.test(csv) ? null : parseSteeringCsv(readFileSync(csv))
  const found = new Map<string, string>()
  if (!parsed?.success || parsed.dialect === 'steered') return found
  for (const { sae_release: own, condition_sae_release: other } of parsed.rows)
    for (const name of [own, other]) {
      if (name === undefined || isListedRelease(name)) continue
      const folder = [name, join(dirname(csv), name)].find((path) => existsSync(path))
      if (folder !== undefined) found.set(name, folder)
    }
  return found
}

/** Files below a folder of vectors, or the file itself. */
export function filesOfVectors(path: string): string[] {
  return statSync(path).isDirectory() ? [...filesBelow(path)].map((file) => join(path, file)) : [path]
}
