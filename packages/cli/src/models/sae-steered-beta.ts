import { InputError } from '@saeval/hub'
import type { ModelArguments, ModelContext, ModelFactory } from '@saeval/language-model'
import type { OnnxModel } from '@saeval/lm-backend-onnx'
import { type CsvSteering, csvSteeringArguments, openCsvSteering } from '../steering/csv-steering.js'
import { readSteeringFile } from '../steering/read-steering-file.js'
import { readArguments } from './arguments.js'
import { modelArguments, openModel } from './open-model.js'

/** What `--model sae_steered_beta` takes in --model_args. */
export const saeSteeredBetaArguments = {
  base_name: 'text',
  csv_path: 'text',
  ...csvSteeringArguments,
  ...modelArguments,
} as const

/** A model and the CSV that is to steer it; both must be closed. */
export interface OpenSteering {
  readonly args: ReturnType<typeof readArguments<typeof saeSteeredBetaArguments>>
  readonly steering: CsvSteering
  readonly base: OnnxModel
}

/** Opens the CSV's SAEs and the unsteered model. Throws InputError for arguments that are missing or wrong. */
export async function openSteering(given: ModelArguments, context: ModelContext): Promise<OpenSteering> {
  const args = readArguments('sae_steered_beta', given, saeSteeredBetaArguments)
  const { base_name: baseName, csv_path: csvPath } = args
  if (baseName === undefined)
    throw new InputError('--model sae_steered_beta needs --model_args base_name=…, the model to steer')
  if (csvPath === undefined)
    throw new InputError('--model sae_steered_beta needs --model_args csv_path=…, the CSV of edits')
  const steering = await openCsvSteering(baseName, await readSteeringFile(csvPath), args, context)
  try {
    return { args, steering, base: await openModel(baseName, args, context) }
  } catch (error) {
    await steering.close()
    throw error
  }
}

/** `--model sae_steered_beta --model_args base_name=…,csv_path=…`: a language model with edits along SAE latents. */
export const saeSteeredBeta: ModelFactory = async (given, context) => {
  const { steering, base } = await openSteering(given, context)
  try {
    return await (await steering.lower(base)).steer(base)
  } catch (error) {
    await base.close()
    throw error
  } finally {
    await steering.close()
  }
}
