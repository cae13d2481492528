import type { ModelFactory } from '@saeval/eval-harness'
import { InputError } from '@saeval/hub'
import { readArguments } from './arguments.js'
import { modelArguments, openModel } from './open-model.js'

/** `--model hf --model_args pretrained=…`: a language model as it is. */
export const hf: ModelFactory = async (given, context) => {
  const args = readArguments('hf', given, { pretrained: 'text', ...modelArguments })
  if (args.pretrained === undefined)
    throw new InputError('--model hf needs --model_args pretrained=…, a Hugging Face model or a folder')
  return openModel(args.pretrained, args, context)
}
