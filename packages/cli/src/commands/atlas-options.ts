import type { AtlasAction } from '@saeval/experiments'
import { InputError } from '@saeval/hub'
import { type Command, Option } from 'commander'
import { parseNumberList } from '../options/number-list.js'
import { parser, positive } from '../options/parse-option.js'
import { atlasActions } from './choices.js'
import type { LatentFlags } from './latent-flags.js'
import { addRunOptions, runOptions } from './run-options.js'
import { fixModel, hideOptions, refuseUnfit, type UnfitOptions } from './unfit-options.js'

/** The flags of `saeval atlas`, checked. */
export interface AtlasCommandOptions extends LatentFlags {
  readonly action: AtlasAction
  readonly strength: number
}

const unfit: UnfitOptions = {
  predict_only: 'an atlas compares scores',
  write_out: '"saeval describe" shows prompts',
  show_config: 'an atlas has no results file',
  check_integrity: '"saeval validate" checks tasks',
  hf_hub_log_args: 'an atlas has no results file',
  cache_requests: 'an atlas builds its prompts once',
  use_cache: 'an atlas keeps no answers',
  dry_run: 'an atlas has no plan',
  allow_inert_rows: 'an atlas has no rows',
  log_samples: 'an atlas writes no samples',
}

/** Declares the flags of an atlas and those of run that fit. */
export function addAtlasOptions(command: Command): Command {
  command
    .optionsGroup('Latents:')
    .requiredOption('--sae_release <name>', 'release of the SAE, a repository, a folder or a Neuronpedia reference')
    .option('--sae_id <name>', 'which SAE of the release')
    .option('--latents <list>', 'latents: 7,12 or 0:10:1 (default: all)', (text) => parseNumberList('--latents', text))
    .addOption(new Option('--action <name>', 'how each is steered').choices(atlasActions).default('add'))
    .option('--strength <x>', 'coefficient as a multiple of its largest activation', Number, 1)
    .option('--top <n>', 'latents to print, those that change neutral texts most first', parser(positive), 20)
    .option('--json', 'print all of them as JSON')
  addRunOptions(command)
  hideOptions(command, Object.keys(unfit))
  fixModel(command, 'sae_steered_beta', 'what an atlas steers; there is no other')
  command.options.find((option) => option.attributeName() === 'output_path')!.description =
    'folder for atlas.csv and atlas.html, with all latents'
  return command
}

/** What commander has parsed and --config has added. */
export function atlasOptions(command: Command): AtlasCommandOptions {
  const run = runOptions(command, { needsTasks: false })
  refuseUnfit(command, 'an atlas', unfit)
  const given = command.opts<{
    sae_release: string
    sae_id?: string
    latents?: readonly number[]
    action: AtlasAction
    strength: number
    top: number
    json?: boolean
  }>()
  if (!Number.isFinite(given.strength)) throw new InputError('--strength must be a number')
  if (given.strength === 0 && given.action.startsWith('add')) throw new InputError('--strength 0 adds nothing')
  return {
    run,
    sae_release: given.sae_release,
    sae_id: given.sae_id ?? null,
    latents: given.latents ?? null,
    action: given.action,
    strength: given.strength,
    top: given.top,
    json: given.json ?? false,
  }
}
