import type { ModelFactory } from '@saeval/eval-harness'
import { InputError } from '@saeval/hub'
import { csvSteeringArguments, openCsvSteering } from '../steering/csv-steering.js'
import { readArguments } from './arguments.js'
import { modelArguments, openModel } from './open-model.js'

/** What `--model sae_steered_beta` takes in --model_args. */
export const saeSteeredBetaArguments = {
  base_name: 'text',
  csv_path: 'text',
  ...csvSteeringArguments,
  ...modelArguments,
} as const

/** `--model sae_steered_beta --model_args base_name=…,csv_path=…`: a language model with edits along SAE latents. */
export const saeSteeredBeta: ModelFactory = async (given, context) => {
  const args = readArguments('sae_steered_beta', given, saeSteeredBetaArguments)
  const { base_name: baseName, csv_path: csvPath } = args
  if (baseName === undefined)
    throw new InputError('--model sae_steered_beta needs --model_args base_name=…, the model to steer')
  if (csvPath === undefined)
    throw new InputError('--model sae_steered_beta needs --model_args csv_path=…, the CSV of edits')
  const steering = await openCsvSteering(baseName, csvPath, args, context)
  try {
    const base = await openModel(baseName, args, context)
    try {
      return await (await steering.lower(base)).steer(base)
    } catch (error) {
      await base.close()
      throw error
    }
  } finally {
    await steering.close()
  }
}
