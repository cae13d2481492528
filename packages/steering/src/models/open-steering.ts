import { InputError, option, sentence } from '@saeval/hub'
import type { ModelArguments, ModelContext, SteerableModel } from '@saeval/language-model'
import { openSaeSteeredBeta } from './sae-steered-beta.js'
import { openSteered } from './steered.js'
import type { Steering } from './steering.js'

/** Names of the models that steer. */
export const steeringModels = ['sae_steered_beta', 'steered'] as const
export type SteeringModel = (typeof steeringModels)[number]

/** A model and what is to steer it; both must be closed. */
export interface OpenSteering {
  /** The model that is steered, as it was named. */
  readonly baseName: string
  readonly steering: Steering
  readonly base: SteerableModel
  /** Whether rows that do nothing are no error. */
  readonly allowInert: boolean
}

/** Opens the file of edits and the unsteered model of a model that steers. Throws InputError for another name, and for arguments that are missing or wrong. */
export async function openSteering(model: string, given: ModelArguments, context: ModelContext): Promise<OpenSteering> {
  if (model === 'sae_steered_beta') {
    const { args, steering, base } = await openSaeSteeredBeta(given, context)
    return { baseName: args.base_name!, steering, base, allowInert: args.allow_inert_rows ?? false }
  }
  if (model === 'steered') {
    const { args, steering, base } = await openSteered(given, context)
    return { baseName: args.pretrained!, steering, base, allowInert: args.allow_inert_rows ?? false }
  }
  throw new InputError(sentence`${option('model')} ${model}: expected ${steeringModels.join(' or ')}`)
}
