import type { Command } from 'commander'
import { parser, positive } from '../options/parse-option.js'
import { addRunOptions, type RunOptions, runOptions } from './run-options.js'
import { fixModel, hideOptions, refuseUnfit, type UnfitOptions } from './unfit-options.js'

/** The flags of `saeval explain`, checked. */
export interface ExplainCommandOptions {
  readonly run: RunOptions
  readonly most: number
  readonly json: boolean
}

const unfit: UnfitOptions = {
  predict_only: 'an explanation compares answers',
  write_out: '"saeval describe" shows prompts',
  show_config: 'an explanation has no results file',
  check_integrity: '"saeval validate" checks tasks',
  hf_hub_log_args: 'an explanation has no results file',
  cache_requests: 'an explanation builds its prompts once',
  use_cache: 'an explanation keeps no answers',
  dry_run: 'an explanation has no plan',
  log_samples: 'an explanation writes no samples',
}

/** Declares the flags of an explanation and those of run that fit. */
export function addExplainOptions(command: Command): Command {
  command
    .optionsGroup('Answers:')
    .option('--most <n>', 'changed answers to split, those whose margins change most', parser(positive), 20)
    .option('--json', 'print everything as JSON')
  addRunOptions(command)
  hideOptions(command, Object.keys(unfit))
  fixModel(command, 'sae_steered_beta', 'what is explained; there is no other')
  command.options.find((option) => option.attributeName() === 'output_path')!.description =
    'folder for explained_NAME.json, which "saeval report" shows when results are beside it'
  return command
}

/** What commander has parsed and --config has added. */
export function explainOptions(command: Command): ExplainCommandOptions {
  const run = runOptions(command)
  refuseUnfit(command, 'an explanation', unfit)
  const { most, json = false } = command.opts<{ most: number; json?: boolean }>()
  return { run, most, json }
}
