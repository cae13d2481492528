import { InputError, option, sentence } from '@saeval/hub'
import { cut } from '@saeval/hub/checks'
import type { ModelArguments, ModelContext, ModelFactory, SteerableModel } from '@saeval/language-model'
import { fileEnds } from '../vectors/vector-formats.js'
import { openBase, type SplitArguments, splitArguments } from './open-base.js'
import { steerOpened } from './steering.js'
import { openVectorSteering, type VectorSteering } from './vector-steering.js'

/** What `--model steered` takes in --model_args, beside the arguments of the backend. */
export const steeredArguments = {
  pretrained: 'string',
  steer_path: 'string',
  scale: 'number',
  layers: 'words',
  positions: 'words',
  skip_positions: 'words',
  allow_other_model: 'boolean',
  allow_inert_rows: 'boolean',
} as const

/** A model and the vectors that are to steer it; both must be closed. */
export interface OpenSteered {
  readonly args: SplitArguments<typeof steeredArguments>['own']
  readonly steering: VectorSteering
  readonly base: SteerableModel
}

/** Reads the vectors and opens the unsteered model. Throws InputError for arguments that are missing or wrong. */
export async function openSteered(given: ModelArguments, context: ModelContext): Promise<OpenSteered> {
  const split = splitArguments('steered', given, steeredArguments)
  const args = split.own
  const { pretrained, steer_path: path } = args
  if (pretrained === undefined)
    throw new InputError(
      sentence`${option('model')} steered needs ${option('modelArgs')} pretrained=…, a Hugging Face model or a folder`,
    )
  if (path === undefined)
    throw new InputError(
      sentence`${option('model')} steered needs ${option('modelArgs')} steer_path=…, a ${fileEnds().join(', ')} file or a folder of pyreft`,
    )
  const steering = await openVectorSteering(pretrained, path, args, context)
  try {
    const base = await openBase(pretrained, split, context)
    const { modelType } = steering.file
    if (modelType !== null && modelType !== base.family)
      context.notice(
        `${steering.file.path} says that it was made for a model of type ${cut(modelType)}; this one is ${base.family}`,
        'warning',
      )
    return { args, steering, base }
  } catch (error) {
    await steering.close()
    throw error
  }
}

/** `--model steered --model_args pretrained=…,steer_path=…`: lm_eval's model of that name, steering with vectors at modules. */
export const steered: ModelFactory = async (given, context) => steerOpened(await openSteered(given, context))
