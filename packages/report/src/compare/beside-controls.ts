import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { readExperiment } from '../results/read-experiment.js'
import { sweepFileName } from '../results/sweep-file.js'
import { type NullEffect, nullEffects } from './null-effects.js'

/**
 * The differences between two runs beside those of controls, by the paths of their results files: where they are the unsteered model and a cell with controls of one
 * sweep; none elsewhere.
 */
export async function besideControls(before: string, after: string): Promise<NullEffect[]> {
  // results lie in <sweep>/cells/<cell>
  const folder = dirname(dirname(dirname(resolve(after))))
  if (!existsSync(join(folder, sweepFileName))) return []
  const experiment = await readExperiment(folder)
  const isOf = (path: string, other: string | undefined) => other !== undefined && resolve(path) === resolve(other)
  if (!isOf(before, experiment.baseline?.results.path)) return []
  const place = experiment.runs.findIndex(({ results }) => isOf(after, results.path))
  return nullEffects(experiment)[place] ?? []
}
