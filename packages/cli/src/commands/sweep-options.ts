import { InputError } from '@saeval/hub'
import type { Command } from 'commander'
import { parseNumberList } from '../sweep/number-list.js'
import type { SweepAxes } from '../sweep/sweep-cells.js'
import { addRunOptions, type RunOptions, runOptions, splitWords } from './run-options.js'

/** The flags of `saeval sweep`, checked. */
export interface SweepCommandOptions {
  readonly run: RunOptions
  readonly csv: readonly string[]
  readonly axes: SweepAxes
}

/** Declares the flags of run and those of the axes. */
export function addSweepOptions(command: Command): Command {
  const numbers = (flag: string) => (text: string) => parseNumberList(flag, text)
  return addRunOptions(command)
    .option('--csv <files...>', 'steering CSVs, or patterns of their names; each is a value of its axis')
    .option('--coefficients <list>', 'coefficients of all rows: 0,-5,-10 or -100:100:20', numbers('--coefficients'))
    .option('--scales <list>', "factors of each row's own coefficient", numbers('--scales'))
    .option('--actions <names...>', 'actions of all rows: add, clamp, …')
    .option('--latents <list>', 'latents in place of the one of a CSV of one row', numbers('--latents'))
    .option('--separately', 'steer with each row of a CSV alone')
}

/** Flags of run that make no sense for many runs at once. */
const unfit = ['predict_only', 'write_out', 'show_config', 'check_integrity'] as const

/** What commander has parsed and --config adds. */
export function sweepOptions(command: Command): SweepCommandOptions {
  const run = runOptions(command)
  const given = command.opts<{
    csv?: readonly string[]
    coefficients?: readonly number[]
    scales?: readonly number[]
    actions?: readonly string[]
    latents?: readonly number[]
    separately?: boolean
  }>()
  if (command.getOptionValueSource('model') !== 'default' && run.model !== 'sae_steered_beta')
    throw new InputError('a sweep steers the model sae_steered_beta; leave --model out')
  const wrong = unfit.find((flag) => run[flag])
  if (wrong !== undefined) throw new InputError(`--${wrong} is a flag of "saeval run" that a sweep does not have`)
  if (run.cache_requests !== null)
    throw new InputError('--cache_requests: a sweep builds its prompts once and needs no cache of them')
  return {
    run,
    csv: given.csv ?? [],
    axes: {
      coefficients: given.coefficients ?? null,
      scales: given.scales ?? null,
      actions: given.actions === undefined ? null : splitWords(given.actions),
      latents: given.latents ?? null,
      rowsSeparately: given.separately ?? false,
    },
  }
}
