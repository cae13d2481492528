import type { Ranker, RankOptions } from '@saeval/experiments'
import { InputError } from '@saeval/hub'
import { type Command, Option } from 'commander'
import { parseNumberList } from '../options/number-list.js'
import { parser, positive, splitWords } from '../options/parse-option.js'
import { rankers } from './choices.js'
import type { LatentFlags } from './latent-flags.js'
import { addRunOptions, runOptions } from './run-options.js'
import { fixModel, hideOptions, refuseUnfit, type UnfitOptions } from './unfit-options.js'

/** The flags of `saeval rank`, checked. */
export interface RankCommandOptions
  extends LatentFlags,
    Pick<RankOptions, 'by' | 'others' | 'threshold' | 'percentiles'> {}

const unfit: UnfitOptions = {
  predict_only: 'a ranking scores',
  write_out: '"saeval describe" shows prompts',
  show_config: 'a ranking has no results file',
  check_integrity: '"saeval validate" checks tasks',
  hf_hub_log_args: 'a ranking has no results file',
  cache_requests: 'a ranking builds its prompts once',
  use_cache: 'a ranking keeps no answers',
  dry_run: 'a ranking has no plan',
  allow_inert_rows: 'a ranking has no rows',
  log_samples: 'a ranking writes no samples',
}

/** Declares the flags of a ranking and those of run that fit. */
export function addRankOptions(command: Command): Command {
  command
    .optionsGroup('Latents:')
    .addOption(new Option('--by <ranker>', 'what latents are ranked by').choices(rankers).default('documents'))
    .requiredOption('--sae_release <name>', 'release of the SAE, a repository, a folder or a Neuronpedia reference')
    .option('--sae_id <name>', 'which SAE of the release')
    .option('--latents <list>', 'latents to rank: 7,12 or 0:10:1 (default: all)', (text) =>
      parseNumberList('--latents', text),
    )
    .option('--others <names...>', 'by documents: tasks that are to be left alone')
    .option(
      '--threshold <share>',
      'by documents: leave out latents active at this share of the others or more (default: 0.01)',
      Number,
    )
    .option('--percentiles <f,r,q>', 'by documents: percentiles of forget, retain and ratio in place of the threshold')
    .option('--top <n>', 'latents to print', parser(positive), 20)
    .option('--json', 'print all of them as JSON')
  addRunOptions(command)
  hideOptions(command, Object.keys(unfit))
  fixModel(command, 'sae_steered_beta', 'what a ranking looks into; there is no other')
  command.options.find((option) => option.attributeName() === 'output_path')!.description =
    'a steering CSV of the latents that are printed, to begin with: each is added once'
  return command
}

/** What commander has parsed and --config has added. */
export function rankOptions(command: Command): RankCommandOptions {
  const run = runOptions(command, { needsTasks: false })
  refuseUnfit(command, 'a ranking', unfit)
  const given = command.opts<{
    by: Ranker
    sae_release: string
    sae_id?: string
    latents?: readonly number[]
    others?: readonly string[]
    threshold?: number
    percentiles?: string
    top: number
    json?: boolean
  }>()
  if (given.by !== 'documents' && (given.threshold !== undefined || given.percentiles !== undefined))
    throw new InputError(
      `--${given.threshold === undefined ? 'percentiles' : 'threshold'} is for ranking by documents; leave it out with --by ${given.by}`,
    )
  if (given.threshold !== undefined && given.percentiles !== undefined)
    throw new InputError('--percentiles stand in place of --threshold; give one of them')
  const { threshold = 0.01 } = given
  if (!(threshold > 0 && threshold <= 1)) throw new InputError('--threshold must be above 0, and 1 at most')
  return {
    run,
    sae_release: given.sae_release,
    sae_id: given.sae_id ?? null,
    by: given.by,
    latents: given.latents ?? null,
    others: splitWords(given.others ?? []),
    threshold,
    percentiles: given.percentiles === undefined ? null : percentilesOf(given.percentiles),
    top: given.top,
    json: given.json ?? false,
  }
}

function percentilesOf(text: string) {
  const numbers = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  if (numbers.length !== 3 || !numbers.every((number) => number >= 0 && number <= 100))
    throw new InputError(`--percentiles ${text}: expected three numbers from 0 to 100, as in 95,50,90`)
  const [forget, retain, ratio] = numbers as [number, number, number]
  return { forget, retain, ratio }
}
