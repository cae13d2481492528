import type { RunSettings } from '@saeval/experiments'
import { InputError } from '@saeval/hub'
import type { PyDict } from '@saeval/python'
import { type Command, Option } from 'commander'
import { addDeviceOptions } from '../options/device-options.js'
import {
  defaultSeeds,
  folders,
  limit,
  pairs,
  parser,
  positive,
  samples,
  seeds,
  splitWords,
  truth,
  wholeNumber,
} from '../options/parse-option.js'

/** The flags of `saeval run`, checked. */
export interface RunOptions extends RunSettings {
  readonly predict_only: boolean
  readonly write_out: boolean
  readonly show_config: boolean
  readonly check_integrity: boolean
  readonly cache_requests: 'true' | 'refresh' | 'delete' | null
  readonly hf_hub_log_args: PyDict | null
  readonly dry_run: boolean
  readonly verbosity: string | undefined
  readonly quiet: boolean
}

const trackers = "lm_eval's own loggers take the results files, as docs/trackers.md shows"

/** Flags of lm_eval that this program does not have; they are refused by name rather than ignored. */
const absent: Readonly<Record<string, string>> = {
  '--wandb_args': trackers,
  '--wandb_config_args': trackers,
  '--trackio_args': trackers,
  '--trust_remote_code': 'saeval runs no code of repositories',
}

/** Help of --dry_run. */
export const dryRunText =
  'say what would be downloaded, the memory, tokens and time that it takes, and stop; nothing is written but the files it had to read'

/** Declares the flags; their names, short forms and defaults are lm_eval's. */
export function addRunOptions(command: Command): Command {
  command
    .optionsGroup('Model:')
    .requiredOption(
      '-M, --model <name>',
      'sae_steered_beta (edits from a CSV), steered (vectors at modules), hf (a model as it is), local-completions or local-chat-completions (behind a server)',
      'hf',
    )
    .option('-a, --model_args <args...>', 'name=value,… or a JSON object', pairs('--model_args'))
  addDeviceOptions(command)
    .option(
      '-b, --batch_size <n>',
      'tokens per forward pass, as a number of longest inputs; auto or auto:N measures',
      '1',
    )
    .option('--max_batch_size <n>', 'the most that --batch_size auto may choose', parser(positive))
    .option('--allow_inert_rows', 'run although rows of the steering CSV have no effect')
    .optionsGroup('Tasks:')
    .option(
      '-t, --tasks <names...>',
      'tasks, groups, tags, patterns, YAML files or one folder of them, separated by commas or spaces',
    )
    .option('--include_path <folders...>', 'more task files', folders)
    .option('-f, --num_fewshot <n>', 'examples before each question', parser(wholeNumber))
    .option('-L, --limit <n>', 'documents per task: a number, or a fraction below 1', parser(limit))
    .option('-E, --samples <json>', 'documents by task: JSON or a file, {"task": [0, 3]}', parser(samples))
    .option('--system_instruction <text>', 'text before every prompt')
    .option('--apply_chat_template [name]', "use the model's chat template")
    .addOption(
      new Option('--fewshot_as_multiturn [truth]', 'examples as turns of their own (the default with a chat template)')
        .argParser(parser(truth))
        .preset('true'),
    )
    .option(
      '--gen_kwargs <args...>',
      'settings of generation over those of the tasks: name=value,… or JSON',
      pairs('--gen_kwargs'),
    )
    .option('--metadata <args...>', "more of the tasks' metadata: name=value,… or JSON", pairs('--metadata'))
    .addOption(
      new Option('--seed <numbers>', 'random,numpy,torch,fewshot; one number for all')
        .argParser(parser(seeds))
        .default(seeds(defaultSeeds), defaultSeeds),
    )
    .option('--confirm_run_unsafe_code', 'run tasks that run code which the model writes')
    .option('--check_integrity', 'check every task and all of its documents before the model is loaded')
    .optionsGroup('Results:')
    .option('-o, --output_path <path>', 'folder for results and samples, or a .json file name')
    .option('-s, --log_samples', 'write every request and answer too (needs --output_path)')
    .option('-x, --predict_only', 'ask the model and write its answers, score nothing')
    .option('-w, --write_out', "show each task's first prompt and target")
    .option('--show_config', 'print the results file, with the configuration of the tasks')
    .option(
      '--hf_hub_log_args <args...>',
      'push results (push_results_to_hub=True) and samples (push_samples_to_hub=True) to the Hugging Face Hub',
      pairs('--hf_hub_log_args'),
    )
    .optionsGroup('Kept work:')
    .option('-c, --use_cache <path>', 'keep the answers of the model in this folder, and take from there what is known')
    .addOption(
      new Option('--cache_requests [what]', "keep the tasks' prompts too: true, refresh (build them anew) or delete")
        .choices(['true', 'refresh', 'delete'])
        .preset('true'),
    )
    .optionsGroup('This command:')
    .option('--dry_run', dryRunText)
    .option('--estimate', 'the same as --dry_run')
    .option('-C, --config <file>', 'YAML file with values of these flags; what the command line says goes before')
  for (const [flag, why] of Object.entries(absent)) {
    const refuse = () => {
      throw new InputError(`${flag} is a flag of lm_eval that saeval does not have: ${why}`)
    }
    command.addOption(new Option(`${flag} [value...]`).hideHelp().argParser(refuse).preset(''))
    command.on(`option:${flag.slice(2)}`, refuse)
  }
  return command
}

/**
 * What commander has parsed and --config has added, with the rules that take more than one flag. Throws InputError where they are broken, and where
 * there are no tasks unless `needsTasks` is false.
 */
export function runOptions(command: Command, { needsTasks = true } = {}): RunOptions {
  const options = checkRunOptions(command.opts())
  if (needsTasks && options.tasks.length === 0)
    throw new InputError('--tasks is missing; "saeval ls tasks" lists what there is')
  return options
}

type Parsed = Partial<Omit<RunOptions, 'apply_chat_template'>> & {
  readonly apply_chat_template?: boolean | string
  readonly estimate?: boolean
}

function checkRunOptions(parsed: Parsed): RunOptions {
  const predictOnly = parsed.predict_only ?? false
  const options: RunOptions = {
    model: parsed.model!,
    model_args: parsed.model_args ?? new Map(),
    tasks: splitWords(parsed.tasks ?? []),
    num_fewshot: parsed.num_fewshot ?? null,
    batch_size: parsed.batch_size!,
    max_batch_size: parsed.max_batch_size ?? null,
    device: parsed.device ?? null,
    gpu_memory: parsed.gpu_memory ?? null,
    gen_kwargs: parsed.gen_kwargs ?? null,
    output_path: parsed.output_path ?? null,
    limit: parsed.limit ?? null,
    log_samples: predictOnly || (parsed.log_samples ?? false),
    samples: parsed.samples ?? null,
    system_instruction: parsed.system_instruction ?? null,
    apply_chat_template: chatTemplate(parsed.apply_chat_template ?? false),
    fewshot_as_multiturn: parsed.fewshot_as_multiturn ?? null,
    include_path: parsed.include_path ?? [],
    seed: parsed.seed!,
    metadata: parsed.metadata ?? new Map(),
    predict_only: predictOnly,
    write_out: parsed.write_out ?? false,
    show_config: parsed.show_config ?? false,
    check_integrity: parsed.check_integrity ?? false,
    confirm_run_unsafe_code: parsed.confirm_run_unsafe_code ?? false,
    use_cache: parsed.use_cache ?? null,
    cache_requests: parsed.cache_requests ?? null,
    hf_hub_log_args: parsed.hf_hub_log_args ?? null,
    allow_inert_rows: parsed.allow_inert_rows ?? false,
    dry_run: parsed.dry_run ?? parsed.estimate ?? false,
    verbosity: parsed.verbosity,
    quiet: parsed.quiet ?? false,
  }
  const empty = (['output_path', 'use_cache', 'device'] as const).find((flag) => options[flag]?.trim() === '')
  if (empty !== undefined) throw new InputError(`--${empty} is empty; give it a value, or leave it out`)
  if (options.log_samples && options.output_path === null)
    throw new InputError(`${predictOnly ? '--predict_only' : '--log_samples'} needs --output_path`)
  if (options.limit !== null && options.samples !== null)
    throw new InputError('--limit and --samples cannot stand together')
  if (options.fewshot_as_multiturn === true && !options.apply_chat_template)
    throw new InputError('--fewshot_as_multiturn needs --apply_chat_template')
  if (options.max_batch_size !== null && !/^auto/.test(options.batch_size))
    throw new InputError('--max_batch_size needs --batch_size auto')
  return options
}

/** Models have one template, or several of which "default" is the one that is used without a name. */
function chatTemplate(value: boolean | string): boolean {
  if (typeof value === 'boolean') return value
  if (/^(true|default)$/i.test(value)) return true
  if (/^false$/i.test(value)) return false
  throw new InputError(
    `--apply_chat_template ${value}: templates by name are not supported; without a name the model's default template is used`,
  )
}
