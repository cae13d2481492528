import type { ExperimentSpec, RunSettings } from '@saeval/experiments'
import { InputError } from '@saeval/hub'
import { Command } from 'commander'
import { commandLine, holdsSecret } from '../options/command-line.js'
import { addPluginOption, beforeCommand } from '../plugins/plugin-option.js'
import { addRunOptions, type RunOptions, runOptions } from './run-options.js'
import { addSweepOptions, type SweepCommandOptions, sweepOptions } from './sweep-options.js'

/** A command that a plan is of. */
interface PlannedWords {
  /** The command in words, with its name first. */
  readonly words: readonly string[]
  /** The same in a line, for the record. */
  readonly line: string
  readonly spec: ExperimentSpec
  /** Files of flags. */
  readonly files: readonly string[]
}

/** A command that a plan is of, as it is parsed. */
export type PlannedCommand = PlannedWords &
  (
    | { readonly kind: 'run'; readonly options: RunOptions }
    | { readonly kind: 'sweep'; readonly options: SweepCommandOptions }
  )

/** Parses the words after `saeval plan PLAN`: a sweep where they, or a file of --config, name a CSV by --csv; else a run. Loads its plug-ins. */
export async function plannedCommand(words: readonly string[]): Promise<PlannedCommand> {
  const asSweep = await parsed('sweep', words)
  const isSweep = asSweep.getOptionValue('csv') !== undefined
  return parseCommand([isSweep ? 'sweep' : 'run', ...words])
}

/** Parses a command that a plan is of. Throws InputError as the command would. */
export async function parseCommand(words: readonly string[]): Promise<PlannedCommand> {
  const [name, ...flags] = words
  const line = commandLine(words)
  if (words.some(holdsSecret))
    throw new InputError(
      'a plan is a file that others may read, and this one would hold a token; leave it out of --model_args and set HF_TOKEN',
    )
  const command = await parsed(name === 'sweep' ? 'sweep' : 'run', flags)
  const { config } = command.opts<{ config?: string }>()
  const files = config === undefined ? [] : [config]
  if (name === 'sweep') {
    const options = sweepOptions(command)
    checkRun(options.run)
    return { kind: 'sweep', words, line, options, files, spec: { kind: 'sweep', ...options } }
  }
  const options = runOptions(command)
  checkRun(options)
  return { kind: 'run', words, line, options, files, spec: { kind: 'run', run: options } }
}

/**
 * What a command of which results are asks for, by its recorded words; its plug-ins are not loaded: results are no reason to run code. Throws InputError for
 * words that are no run and no sweep.
 */
export async function recordedCommand(words: readonly string[]): Promise<RunSettings> {
  const [first, ...others] = words
  const name = first === 'sweep' ? 'sweep' : 'run'
  const flags = first === 'sweep' || first === 'run' ? others : words
  if (first !== undefined && !first.startsWith('-') && flags === words)
    throw new InputError(`the results were made by "saeval ${first}", and a card is of "saeval run" and "saeval sweep"`)
  const command = parseFlags(name, flags)
  const { config } = command.opts<{ config?: string }>()
  if (config !== undefined) {
    const { applyConfigFile } = await import('../options/config-file.js')
    applyConfigFile(command, config)
  }
  return name === 'sweep' ? sweepOptions(command).run : runOptions(command)
}

async function parsed(name: 'run' | 'sweep', flags: readonly string[]): Promise<Command> {
  const command = parseFlags(name, flags)
  await beforeCommand(command)
  return command
}

function parseFlags(name: 'run' | 'sweep', flags: readonly string[]): Command {
  const command = name === 'sweep' ? addSweepOptions(new Command(name)) : addRunOptions(new Command(name))
  return addPluginOption(command)
    .option('-q, --quiet')
    .option('--verbosity <level>')
    .option('--verbose')
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .parse([...flags], { from: 'user' })
}

function checkRun(run: RunOptions): void {
  if (run.dry_run)
    throw new InputError(
      '--dry_run is a flag of "saeval run" and "saeval sweep"; "saeval plan" computes next to nothing',
    )
  if (run.use_cache !== null) throw new InputError('a plan keeps the answers itself; leave --use_cache out')
  if (run.max_batch_size !== null)
    throw new InputError('--max_batch_size is for --batch_size auto, in whose place a plan has a number; leave it out')
  if (run.output_path === null)
    throw new InputError('--output_path is missing: the folder of the results that "saeval merge" makes')
  if (run.seed.fewshot === null || run.seed.torch === null)
    throw new InputError('--seed None draws otherwise in every process; give numbers, so that all items are of one run')
}
