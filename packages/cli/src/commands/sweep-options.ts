import type { SweepAxes } from '@saeval/experiments'
import { InputError } from '@saeval/hub'
import type { Command } from 'commander'
import { parseNumberList } from '../options/number-list.js'
import { parser, splitWords, wholeNumber } from '../options/parse-option.js'
import { addRunOptions, type RunOptions, runOptions } from './run-options.js'
import { fixModel, hideOptions, refuseUnfit, type UnfitOptions } from './unfit-options.js'

/** The flags of `saeval sweep`, checked. */
export interface SweepCommandOptions {
  readonly run: RunOptions
  readonly csv: readonly string[]
  readonly axes: SweepAxes
  /** 0 for none. */
  readonly controls: number
}

/** Flags of run that many runs at once do not have. */
const unfit: UnfitOptions = {
  predict_only: 'a sweep compares scores',
  write_out: '"saeval describe" shows prompts',
  show_config: 'the results file of each cell has it',
  check_integrity: '"saeval validate" checks tasks',
  hf_hub_log_args: 'a sweep has many results; push its folder',
  cache_requests: 'a sweep builds its prompts once and needs no cache of them',
}

/** What a sweep does by itself: taken, since scripts made for run have it, and in no help. */
const always = ['log_samples']

const sweptModel = 'sae_steered_beta'

/** Declares the flags of the axes and those of run that fit. */
export function addSweepOptions(command: Command): Command {
  const numbers = (flag: string) => (text: string) => parseNumberList(flag, text)
  command
    .optionsGroup('Settings, each combination of which is run:')
    .option('--csv <files...>', 'steering CSVs, or patterns of their names; each is a value of its axis')
    .option('--coefficients <list>', 'coefficients of all rows: 0,-5,-10 or -100:100:20', numbers('--coefficients'))
    .option('--scales <list>', "factors of each row's own coefficient", numbers('--scales'))
    .option('--actions <names...>', 'actions of all rows: add, clamp, …')
    .option('--latents <list>', 'latents in place of the one of a CSV of one row', numbers('--latents'))
    .option('--separately', 'steer with each row of a CSV alone')
    .option(
      '--controls <n>',
      'run each setting with as many random latents like its own, as many random directions, and its sign flipped',
      parser(wholeNumber),
      0,
    )
  addRunOptions(command)
  hideOptions(command, [...Object.keys(unfit), ...always])
  fixModel(command, sweptModel, 'what a sweep steers; there is no other')
  command.options.find((option) => option.attributeName() === 'output_path')!.description =
    'folder of the sweep; called again with it, a sweep goes on'
  return command
}

/** What commander has parsed and --config has added. */
export function sweepOptions(command: Command): SweepCommandOptions {
  const run = runOptions(command)
  const given = command.opts<{
    csv?: readonly string[]
    coefficients?: readonly number[]
    scales?: readonly number[]
    actions?: readonly string[]
    latents?: readonly number[]
    separately?: boolean
    controls: number
  }>()
  if (run.model !== sweptModel) throw new InputError(`a sweep steers the model ${sweptModel}; leave --model out`)
  refuseUnfit(command, 'a sweep', unfit)
  return {
    run,
    csv: given.csv ?? [],
    controls: controlCount(given.controls),
    axes: {
      coefficients: given.coefficients ?? null,
      scales: given.scales ?? null,
      actions: given.actions === undefined ? null : splitWords(given.actions),
      latents: given.latents ?? null,
      rowsSeparately: given.separately ?? false,
    },
  }
}

/** Of one control nothing can be said. */
function controlCount(given: number): number {
  if (given === 1) throw new InputError('--controls 1 is no null distribution; give 2 or more, 20 say, or 0')
  return given
}
