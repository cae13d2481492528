import { type CardTexts, cardTexts } from '@saeval/experiments/internal/card/card-texts'
import { type Command, Option } from 'commander'
import { addDeviceOptions } from '../options/device-options.js'
import { parser, positive, wholeNumber } from '../options/parse-option.js'
import type { CardCommandOptions } from './card.js'
import type { CheckCommandOptions } from './check.js'
import type { Surroundings } from './run.js'

/** Declares the commands of steering cards: card, check. */
export function addCardCommands(program: Command, surroundings: Surroundings): void {
  const making = program
    .command('card')
    .description(
      'pack a steered run and the unsteered one, or a sweep, with all that it takes to compute them again, into one folder',
    )
    .argument('<results>', 'results folder with both runs, sweep folder, or a card that is to be pushed')
    .option('-o, --output <folder>', 'the card, a folder that is made')
    .addOption(
      new Option(
        '--texts <which>',
        'texts in the samples: none, answers (what the model wrote) or all (documents and prompts too, whose licences are those of the data)',
      )
        .choices(cardTexts as readonly CardTexts[])
        .default('answers'),
    )
    .option('--title <text>', 'heading of the card')
    .option('--push <name>', 'push it to the model repository owner/name of the Hugging Face Hub; a new one is private')
    .option('--public', 'let everybody read a repository that --push makes')
  addDeviceOptions(making)
    .option('--confirm_run_unsafe_code', 'run tasks that run code which the model writes')
    .action(async (results: string, options: CardCommandOptions) => {
      const { cardCommand } = await import('./card.js')
      return cardCommand(results, options, surroundings)
    })
  const checking = program
    .command('check')
    .description(
      "check a steering card: its files, its statistics, the model's and the SAEs' files, and random documents, asked again",
    )
    .argument('<card>', "the card's folder, or owner/name of the Hugging Face Hub (owner/name@revision)")
    .option('--documents <n>', 'documents of each task that are asked again', parser(positive), 32)
    .option(
      '--settings <n>',
      'settings of a sweep that are asked again, beside the unsteered model',
      parser(positive),
      4,
    )
    .option(
      '--seed <n>',
      'which documents and settings are drawn (default: another one each time)',
      parser(wholeNumber),
    )
    .option(
      '--place <name=folder...>',
      'where a folder is whose files the card does not hold: the name in the card, and the folder here',
    )
  addDeviceOptions(checking)
    .option('--confirm_run_unsafe_code', 'run tasks that run code which the model writes')
    .option('--json', 'print everything as JSON')
    .action(async (card: string, options: CheckCommandOptions) => {
      const { checkCommand } = await import('./check.js')
      return checkCommand(card, options, surroundings)
    })
}
