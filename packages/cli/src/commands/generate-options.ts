import { defaultSeed } from '@saeval/language-model/internal/default-seed'
import type { Command } from 'commander'
import { addDeviceOptions } from '../options/device-options.js'
import { parseNumberList } from '../options/number-list.js'
import { parser, positive, wholeNumber } from '../options/parse-option.js'
import { addSteeringOptions } from '../options/steering-options.js'
import { dryRunText } from './run-options.js'

/** The arguments and options of `saeval generate`. */
export function addGenerateOptions(command: Command): Command {
  addSteeringOptions(command.argument('[prompts...]', 'prompts'))
    .option('--prompts <file>', 'a file with one prompt, or one JSON object {"prompt": …}, a line')
    .option('--coefficients <list>', "settings that replace all rows' coefficients: 0,-5,-10 or -100:100:20", (text) =>
      parseNumberList('--coefficients', text),
    )
    .option('--max_gen_toks <n>', 'new tokens at most', parser(positive), 64)
    .option('--temperature <t>', '0 takes the most likely token', Number, 0)
    .option(
      '--top_k <n>',
      "sample among the n most likely tokens, 0: all (default: the model's, else 50)",
      parser(wholeNumber),
    )
    .option(
      '--top_p <p>',
      "sample among the most likely tokens that have this probability together (default: the model's)",
      Number,
    )
    .option('--seed <number>', 'seed of sampling; the same draws in every setting', parser(wholeNumber), defaultSeed)
    .option('--until <texts...>', 'texts that end a continuation')
    .option('--apply_chat_template', "put each prompt into the model's chat template")

  return addDeviceOptions(command)
    .option('--dry_run', dryRunText)
    .option('-o, --output <file>', 'a file ending in .json or .html: tokens with log-probabilities and activations')
    .option('--json', 'print everything as JSON')
}
