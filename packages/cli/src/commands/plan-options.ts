import type { JobResources } from '@saeval/experiments'
import { InputError } from '@saeval/hub'
import { type Command, Option } from 'commander'
import { aboveZero, parser, positive } from '../options/parse-option.js'
import { addSweepOptions } from './sweep-options.js'

/** The flags that only `saeval plan` has, checked. */
export interface PlanCommandOptions extends JobResources {
  /** Items at most. */
  readonly shards: number | null
  /** Minutes that an item is to take here. */
  readonly shard_minutes: number | null
  readonly status: boolean
  readonly estimate: boolean
  readonly submit: Engine | null
  /** Print what would be submitted. */
  readonly dry_run: boolean
  readonly verbosity: string | undefined
  readonly quiet: boolean
}

/** Flags of `saeval plan` alone: with how many words after them. */
const ownFlags: Readonly<Record<string, 0 | 1>> = {
  '--shards': 1,
  '--shard_minutes': 1,
  '--status': 0,
  '--submit': 1,
  '--partition': 1,
  '--time': 1,
  '--mem': 1,
  '--gres': 1,
  '--container': 1,
  '--parallel': 1,
  // with --submit
  '--dry_run': 0,
  '--estimate': 0,
}

const engines = ['slurm', 'k8s'] as const
type Engine = (typeof engines)[number]

/** Declares the flags: those of sweep, which are those of run and the axes, and those of planning. */
export function addPlanOptions(command: Command): Command {
  command
    .optionsGroup('Plan:')
    .addOption(new Option('--shards <n>', 'items at most').argParser(parser(positive)))
    .addOption(
      new Option('--shard_minutes <m>', 'minutes that an item is to take, at the speed of a try here').argParser(
        parser(aboveZero),
      ),
    )
    .option('--status', 'show which items are done, running, failed or lost')
    .optionsGroup('Submit it, as an array and a merge after it:')
    .addOption(
      new Option('--submit <engine>', 'slurm submits (with --dry_run prints), k8s prints an Indexed Job').choices(
        engines,
      ),
    )
    .option('--partition <name>', "Slurm's partition")
    .option('--time <limit>', "Slurm's limit of time of an item: 4:00:00")
    .option('--mem <size>', 'memory of an item: 16G (Kubernetes: 16Gi)')
    .option('--gres <list>', "Slurm's generic resources: gpu:1 (Kubernetes: so many GPUs)")
    .option('--container <image>', 'image that items run in')
    .addOption(new Option('--parallel <n>', 'items at the same time at most').argParser(parser(positive)))
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

/** What the flags of a plan stand beside. */
interface Beside {
  /** Whether the folder has a plan, which then is submitted as it is. */
  readonly isMade: boolean
  /** Words of the command that it is a plan of: see plannedWords. */
  readonly words: readonly string[]
}

/** What commander has parsed. Throws InputError for flags that do not go together, and for those that would do nothing. */
export function planOptions(command: Command, { isMade, words }: Beside): PlanCommandOptions {
  const {
    shards = null,
    shard_minutes: minutes = null,
    status = false,
    estimate = false,
    submit = null,
    ...given
  } = command.opts()
  if (shards !== null && minutes !== null)
    throw new InputError('--shards and --shard_minutes both say how many items there are; give one of them')
  if (!status && !estimate && !(submit !== null && isMade) && shards === null && minutes === null)
    throw new InputError('--shards is missing: how many items the work is divided into (or --shard_minutes)')
  const idle = firstFlag(words)
  if (status && (idle !== null || Object.keys(ownFlags).some((flag) => flag !== '--status' && isGiven(command, flag))))
    throw new InputError('--status shows how far a plan is, and takes no other flags')
  if (estimate && submit !== null)
    throw new InputError('--estimate computes nothing that could be submitted; give it without --submit')
  if (submit !== null && isMade && shards === null && minutes === null && idle !== null)
    throw new InputError(
      `the plan is made and is submitted as it is, so ${idle} would do nothing; leave it out, or name another folder`,
    )
  const resources = ['partition', 'time', 'mem', 'gres', 'container', 'parallel'] as const
  const named = resources.find((name) => given[name] !== undefined)
  if (submit === null && named !== undefined) throw new InputError(`--${named} is for --submit, which is not there`)
  if (submit === null && given.dry_run)
    throw new InputError('--dry_run goes with --submit here; "saeval run" and "saeval sweep" have one of their own')
  return {
    shards,
    shard_minutes: minutes,
    status,
    estimate,
    submit,
    dry_run: given.dry_run ?? false,
    partition: given.partition ?? null,
    time: given.time ?? null,
    mem: given.mem ?? null,
    gres: given.gres ?? null,
    container: given.container ?? null,
    parallel: given.parallel ?? null,
    verbosity: given.verbosity,
    quiet: given.quiet ?? false,
  }
}

function isGiven(command: Command, flag: string): boolean {
  return command.getOptionValueSource(flag.slice(2)) === 'cli'
}

/** Flags that any command takes: with how many words after them. */
const spokenFlags: Readonly<Record<string, 0 | 1>> = { '-q': 0, '--quiet': 0, '--verbose': 0, '--verbosity': 1 }

/** The first of some words that says more than how much is told; null for none. */
function firstFlag(words: readonly string[]): string | null {
  for (let at = 0; at < words.length; at++) {
    const name = words[at]!.split('=')[0]!
    const spoken = spokenFlags[name]
    if (spoken === undefined) return name
    at += words[at]!.includes('=') ? 0 : spoken
  }
  return null
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
