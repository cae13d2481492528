import { InputError, option, sentence } from '@saeval/hub'
import type { ModelArguments, ModelContext, ModelFactory, SteerableModel } from '@saeval/language-model'
import { readSteeringFile } from '../edits/read-steering-file.js'
import { type CsvSteering, csvSteeringArguments, openCsvSteering } from './csv-steering.js'
import { openBase, type SplitArguments, splitArguments } from './open-base.js'
import { steerOpened } from './steering.js'

/** What `--model sae_steered_beta` takes in --model_args, beside the arguments of the backend. */
export const saeSteeredBetaArguments = {
  base_name: 'string',
  csv_path: 'string',
  ...csvSteeringArguments,
} as const

/** A model and the CSV that is to steer it; both must be closed. */
export interface OpenSaeSteeredBeta {
  readonly args: SplitArguments<typeof saeSteeredBetaArguments>['own']
  readonly steering: CsvSteering
  readonly base: SteerableModel
}

/** Opens the CSV's SAEs and the unsteered model. Throws InputError for arguments that are missing or wrong. */
export async function openSaeSteeredBeta(given: ModelArguments, context: ModelContext): Promise<OpenSaeSteeredBeta> {
  const split = splitArguments('sae_steered_beta', given, saeSteeredBetaArguments)
  const args = split.own
  const { base_name: baseName, csv_path: csvPath } = args
  if (baseName === undefined)
    throw new InputError(
      sentence`${option('model')} sae_steered_beta needs ${option('modelArgs')} base_name=…, the model to steer`,
    )
  if (csvPath === undefined)
    throw new InputError(
      sentence`${option('model')} sae_steered_beta needs ${option('modelArgs')} csv_path=…, the CSV of edits`,
    )
  const steering = await openCsvSteering(baseName, await readSteeringFile(csvPath), args, context)
  try {
    return { args, steering, base: await openBase(baseName, split, context) }
  } catch (error) {
    await steering.close()
    throw error
  }
}

/** `--model sae_steered_beta --model_args base_name=…,csv_path=…`: a language model with edits along SAE latents. */
export const saeSteeredBeta: ModelFactory = async (given, context) =>
  steerOpened(await openSaeSteeredBeta(given, context))
