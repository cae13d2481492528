import type { Guard, Objective, SearchAction, SearchBudget } from '@saeval/experiments'
import { InputError } from '@saeval/hub'
import type { Command } from 'commander'
import { parseNumberList } from '../options/number-list.js'
import { parser, positive, splitWords, wholeNumber } from '../options/parse-option.js'
import { searchActions } from './choices.js'
import { addRunOptions, type RunOptions, runOptions } from './run-options.js'
import { fixModel, hideOptions, refuseUnfit, type UnfitOptions } from './unfit-options.js'

/** The flags of `saeval search`, checked. */
export interface SearchCommandOptions {
  readonly run: RunOptions
  readonly objective: Objective
  readonly guards: readonly Guard[]
  readonly csv: readonly string[]
  readonly saeRelease: string | null
  readonly saeIds: readonly string[]
  /** A file of SAEs or latents. */
  readonly saes: string | null
  readonly latents: readonly number[] | null
  readonly label: string | null
  readonly actions: readonly SearchAction[]
  readonly strengths: readonly number[]
  readonly budget: SearchBudget | null
  readonly keep: number
  readonly finalists: number
  readonly controls: number
}

const unfit: UnfitOptions = {
  tasks: '--objective and --guard name the tasks',
  predict_only: 'a search compares scores',
  write_out: '"saeval describe" shows prompts',
  show_config: 'search.json has what was found',
  check_integrity: '"saeval validate" checks tasks',
  hf_hub_log_args: 'a search has no results file; run its best.csv',
  cache_requests: 'a search builds its prompts once',
  use_cache: 'a search keeps its answers in its own folder',
  dry_run: '--budget bounds what a search takes',
  allow_inert_rows: 'a search drops what does nothing',
  log_samples: 'a search writes no samples; run its best.csv',
}

/** Declares the flags of a search and those of run that fit. */
export function addSearchOptions(command: Command): Command {
  const numbers = (flag: string) => (text: string) => parseNumberList(flag, text)
  command
    .optionsGroup('What is wanted:')
    .requiredOption('--objective <tasks:metric:way>', 'what is to move: demo_dogs:acc:down')
    .option(
      '--guard <tasks:metric:points...>',
      'what must hold: mmlu:acc:-2 may lose 2 points; a+b and groups are one guard, tasks of the objective stay out of it',
    )
    .optionsGroup('What is searched:')
    .option('--sae_release <name>', 'release of the SAEs, a repository or a folder')
    .option('--sae_id <names...>', 'SAEs of the release, whose latents are searched')
    .option('--saes <file>', 'SAEs, or latents, that "saeval saes … --json" has printed: of any layers')
    .option('--latents <list>', 'of the SAEs only these latents: 7,12 or 0:10:1', numbers('--latents'))
    .option('--label <words>', 'of the SAEs only latents whose label in features.jsonl holds all these words')
    .option('--csv <files...>', 'steering CSVs, or patterns of their names, whose rows name latents')
    .option('--actions <names...>', `${searchActions.join(', ')} (default: add, clamp_active)`)
    .option(
      '--strengths <list>',
      'coefficients as multiples of the largest activation (default: -2,-1,-0.5,0,0.5,1,2)',
      numbers('--strengths'),
    )
    .optionsGroup('How long:')
    .option(
      '--budget <tokens>',
      'tokens, or minutes as in 30m (default: 5 % of the tokens of the full grid, or all that the search can do where that is more)',
    )
    .option('--keep <n>', 'latents that are tried after ranking', parser(positive), 32)
    .option('--finalists <n>', 'arms that are confirmed on other documents', parser(positive), 3)
    .option(
      '--controls <n>',
      'random latents, and random directions, that a winner is held against',
      parser(wholeNumber),
      20,
    )
  addRunOptions(command)
  hideOptions(command, Object.keys(unfit))
  fixModel(command, 'sae_steered_beta', 'what a search steers; there is no other')
  command.options.find((option) => option.attributeName() === 'output_path')!.description =
    'folder of the search; called again with it, a search goes on'
  return command
}

/** What commander has parsed and --config has added. */
export function searchOptions(command: Command): SearchCommandOptions {
  const run = runOptions(command, { needsTasks: false })
  refuseUnfit(command, 'a search', unfit)
  const given = command.opts<{
    objective: string
    guard?: readonly string[]
    sae_release?: string
    sae_id?: readonly string[]
    saes?: string
    latents?: readonly number[]
    label?: string
    csv?: readonly string[]
    actions?: readonly string[]
    strengths?: readonly number[]
    budget?: string
    keep: number
    finalists: number
    controls: number
  }>()
  const { sae_release: release, sae_id: ids = [] } = given
  if ((release === undefined) !== (ids.length === 0))
    throw new InputError('--sae_release and --sae_id go together: a release, and which of its SAEs are searched')
  if (release === undefined && given.saes === undefined && (given.csv ?? []).length === 0)
    throw new InputError('name what is searched: --sae_release with --sae_id, --saes, or --csv')
  if (release === undefined && given.saes === undefined && (given.latents !== undefined || given.label !== undefined))
    throw new InputError('--latents and --label choose among the latents of --sae_id or --saes, which are missing')
  if (given.controls === 1) throw new InputError('--controls 1 has no spread; give at least 2, or 0 for none')
  return {
    run,
    objective: objectiveOf(given.objective),
    guards: (given.guard ?? []).map(guardOf),
    csv: given.csv ?? [],
    saeRelease: release ?? null,
    saeIds: splitWords(ids),
    saes: given.saes ?? null,
    latents: given.latents ?? null,
    label: given.label ?? null,
    actions: given.actions === undefined ? ['add', 'clamp_active'] : splitWords(given.actions).map(actionOf),
    strengths: given.strengths ?? [-2, -1, -0.5, 0, 0.5, 1, 2],
    budget: given.budget === undefined ? null : budgetOf(given.budget),
    keep: given.keep,
    finalists: given.finalists,
    controls: given.controls,
  }
}

function objectiveOf(text: string): Objective {
  const [tasks = '', metric = '', wanted] = text.split(':')
  if (tasks !== '' && metric !== '' && (wanted === 'up' || wanted === 'down') && text.split(':').length === 3)
    return { tasks: tasks.split('+'), metric, wanted }
  throw new InputError(`--objective ${text}: expected tasks, metric and way, as in demo_dogs:acc:down or a+b:acc:up`)
}

function guardOf(text: string): Guard {
  const [tasks = '', metric = '', amount = ''] = text.split(':')
  const points = amount.trim() === '' ? Number.NaN : Number(amount)
  if (tasks !== '' && metric !== '' && Number.isFinite(points) && points !== 0 && text.split(':').length === 3)
    return { tasks: tasks.split('+'), metric, points }
  throw new InputError(
    `--guard ${text}: expected tasks, metric and points, as in mmlu:acc:-2 (may lose 2 points) or a+b:metric:2 (may rise by 2)`,
  )
}

function actionOf(name: string): SearchAction {
  const action = searchActions.find((known) => known === name)
  if (action !== undefined) return action
  throw new InputError(`--actions: a search can try ${searchActions.join(', ')}, not "${name}"`)
}

function budgetOf(text: string): SearchBudget {
  const value = Number(text.replace(/m$/, ''))
  if (!(value > 0 && Number.isFinite(value)))
    throw new InputError(`--budget ${text}: expected a number of tokens, or minutes as in 30m`)
  return text.endsWith('m') ? { minutes: value } : { tokens: value }
}
