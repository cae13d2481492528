import type { SteeringModel } from '@saeval/steering'
import { type Command, Option } from 'commander'
import { pairs } from './parse-option.js'

const models = ['sae_steered_beta', 'steered'] as const satisfies readonly SteeringModel[]

/** Declares what steers a model, for commands that try edits. */
export function addSteeringOptions(command: Command): Command {
  return command
    .addOption(
      new Option('-M, --model <name>', 'sae_steered_beta (edits from a CSV) or steered (vectors)')
        .choices(models)
        .default(models[0]),
    )
    .requiredOption(
      '-a, --model_args <args...>',
      'of that model: base_name=…,csv_path=…, or pretrained=…,steer_path=…',
      pairs('--model_args'),
    )
}
