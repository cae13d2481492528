import { InputError } from '@saeval/hub'
import { type Command, Option } from 'commander'
import { parser, positive } from '../options/parse-option.js'
import { addSweepOptions } from './sweep-options.js'

/** The flags that only `saeval plan` has, checked. */
export interface PlanCommandOptions {
  /** Items at most. */
  readonly shards: number | null
  /** Minutes that an item is to take here. */
  readonly shard_minutes: number | null
  readonly status: boolean
  readonly verbosity: string | undefined
  readonly quiet: boolean
}

/** Flags of `saeval plan` alone: with how many words after them. */
const ownFlags: Readonly<Record<string, 0 | 1>> = { '--shards': 1, '--shard_minutes': 1, '--status': 0 }

/** Declares the flags: those of sweep, which are those of run and the axes, and those of planning. */
export function addPlanOptions(command: Command): Command {
  command
    .optionsGroup('Plan:')
    .addOption(new Option('--shards <n>', 'items at most').argParser(parser(positive)))
    .addOption(
      new Option('--shard_minutes <m>', 'minutes that an item is to take, at the speed of a try here').argParser(
        parser(positive),
      ),
    )
    .option('--status', 'show which items are done, running, failed or lost')
  addSweepOptions(command)
  for (const option of command.options) {
    const name = option.attributeName()
    if (name === 'model') {
      option.description = 'hf (as it is) or what a sweep steers, where --csv gives one; others by name'
      // which it is by default depends on what the plan is of
      option.makeOptionMandatory(false).default(undefined)
      command.setOptionValue(name, undefined)
    }
    if (name === 'output_path') option.description = 'folder of the results that "saeval merge" makes'
  }
  return command
}

/** What commander has parsed. */
export function planOptions(command: Command): PlanCommandOptions {
  const { shards = null, shard_minutes: minutes = null, status = false, ...given } = command.opts()
  if (shards !== null && minutes !== null)
    throw new InputError('--shards and --shard_minutes both say how many items there are; give one of them')
  if (!status && shards === null && minutes === null)
    throw new InputError('--shards is missing: how many items the work is divided into (or --shard_minutes)')
  return { shards, shard_minutes: minutes, status, verbosity: given.verbosity, quiet: given.quiet ?? false }
}

/** The words of the command that a plan is of: those of the command line without what only a plan has. */
export function plannedWords(argv: readonly string[], plan: string): string[] {
  const words: string[] = []
  let isNamed = false
  for (let at = 1; at < argv.length; at++) {
    const word = argv[at]!
    const own = ownFlags[word.split('=')[0]!]
    if (own !== undefined) at += word.includes('=') ? 0 : own
    else if (word === plan && !isNamed) isNamed = true
    else words.push(word)
  }
  return words
}
