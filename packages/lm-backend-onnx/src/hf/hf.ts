import { InputError } from '@saeval/hub'
import type { ModelFactory } from '@saeval/language-model'
import { readArguments } from '@saeval/language-model'
import { modelArguments, openModel } from './open-model.js'

/** What `--model hf` takes in --model_args. */
export const hfArguments = { pretrained: 'string', ...modelArguments } as const

/** `--model hf --model_args pretrained=…`: a language model as it is. */
export const hf: ModelFactory = async (given, context) => {
  const args = readArguments('hf', given, hfArguments)
  if (args.pretrained === undefined)
    throw new InputError('--model hf needs --model_args pretrained=…, a Hugging Face model or a folder')
  return openModel(args.pretrained, args, context)
}
