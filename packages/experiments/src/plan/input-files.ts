import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type Sentence, sentence } from '@saeval/hub'
import { plainArguments } from '../plain-arguments.js'
import { PlanError } from '../plan-answers.js'
import { readSweepCsvs } from '../steering-files.js'
import type { ExperimentSpec } from './open-experiment.js'

/** Arguments of models that name a file. */
const fileArguments = ['csv_path', 'steer_path', 'features_path', 'norm_text']

/** Files that decide the results: path -> sha256 in hex. `others` are those of options. */
export async function hashInputs(spec: ExperimentSpec, others: readonly string[]): Promise<Record<string, string>> {
  const csvs = spec.kind === 'sweep' ? await readSweepCsvs(spec.csv) : []
  const args = plainArguments(spec.run.model_args)
  const named = fileArguments.map((name) => args[name]).filter((value) => typeof value === 'string')
  const paths = [...new Set([...others, ...csvs.map(({ path }) => path), ...named])]
  const hashes = await Promise.all(paths.map(async (path) => [path, await hashOf(path)] as const))
  return Object.fromEntries(hashes.flatMap(([path, hash]) => (hash === null ? [] : [[path, hash]])))
}

/** Throws PlanError where a file is not what it was when a plan was made, naming it. */
export async function checkInputs(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, before] of Object.entries(files)) {
    const now = await hashOf(path)
    if (now === before) continue
    throw changed(now === null ? sentence`${path} is not here` : sentence`${path} is another file now`)
  }
}

/** The error for something that is not what it was when a plan was made. */
export function changed(what: Sentence): PlanError {
  return new PlanError(
    sentence`${what}; the plan was made of what was there before: put that back, or make another plan`,
  )
}

/** null where there is no such file: whoever opens it says what is wrong with it. */
async function hashOf(path: string): Promise<string | null> {
  try {
    return createHash('sha256')
      .update(await readFile(path))
      .digest('hex')
  } catch {
    return null
  }
}
