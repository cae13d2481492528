import { readFileSync } from 'node:fs'
import { type PyDict, parseJson } from '@saeval/eval-harness'
import { InputError } from '@saeval/hub'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseModelArgs } from '../model-args.js'

/** The flags of `saeval run`, checked. */
export interface RunOptions {
  readonly model: string
  readonly model_args: PyDict
  readonly tasks: readonly string[]
  readonly num_fewshot: number | null
  readonly batch_size: string
  readonly device: string | null
  readonly output_path: string | null
  readonly limit: number | null
  readonly log_samples: boolean
  readonly samples: ReadonlyMap<string, readonly number[]> | null
  readonly system_instruction: string | null
  readonly apply_chat_template: boolean
  readonly fewshot_as_multiturn: boolean | null
  readonly include_path: string | null
  readonly seed: Seeds
  readonly allow_inert_rows: boolean
}

/** Seeds of random, numpy, torch and few-shot draws; only the last one matters here, all are recorded. */
export interface Seeds {
  readonly random: number | null
  readonly numpy: number | null
  readonly torch: number | null
  readonly fewshot: number | null
}

const defaultSeeds = '0,1234,1234,1234'

/** Flags of lm_eval that this program does not have; they are refused by name rather than ignored. */
const absent = [
  '--config',
  '--max_batch_size',
  '--use_cache',
  '--gen_kwargs',
  '--cache_requests',
  '--check_integrity',
  '--verbosity',
  '--write_out',
  '--show_config',
  '--wandb_args',
  '--wandb_config_args',
  '--trackio_args',
  '--hf_hub_log_args',
  '--predict_only',
  '--trust_remote_code',
  '--confirm_run_unsafe_code',
  '--metadata',
]

/** Declares the flags; their names, short forms and defaults are lm_eval's. */
export function addRunOptions(command: Command): Command {
  command
    .requiredOption('-M, --model <name>', 'sae_steered_beta (edits from a CSV) or hf (a model as it is)', 'hf')
    .option('-a, --model_args <args>', 'name=value,… or a JSON object', parser(parseModelArgs))
    .option('-t, --tasks <names...>', 'tasks, groups, tags, patterns or YAML files, separated by commas or spaces')
    .option('-f, --num_fewshot <n>', 'examples before each question', parser(wholeNumber))
    .option(
      '-b, --batch_size <n>',
      'tokens per forward pass, as a number of longest inputs; auto or auto:N measures',
      '1',
    )
    .option('--device <name>', 'cpu, cuda:0, webgpu; the first CUDA device or else the CPU by default')
    .option('-o, --output_path <path>', 'folder for results and samples, or a .json file name')
    .option('-L, --limit <n>', 'documents per task: a number, or a fraction below 1', parser(limit))
    .option('-s, --log_samples', 'write every request and answer too (needs --output_path)')
    .option('-E, --samples <json>', 'documents by task: JSON or a file, {"task": [0, 3]}', parser(samples))
    .option('--system_instruction <text>', 'text before every prompt')
    .option('--apply_chat_template', "use the model's chat template")
    .addOption(
      new Option('--fewshot_as_multiturn [truth]', 'examples as turns of their own (the default with a chat template)')
        .argParser(parser(truth))
        .preset('true'),
    )
    .option('--include_path <folder>', 'more task files')
    .addOption(
      new Option('--seed <numbers>', 'random,numpy,torch,fewshot; one number for all')
        .argParser(parser(seeds))
        .default(seeds(defaultSeeds), defaultSeeds),
    )
    .option('--allow_inert_rows', 'run although rows of the steering CSV have no effect')
  for (const flag of absent) {
    const refuse = () => {
      throw new InputError(`${flag} is a flag of lm_eval that saeval does not have`)
    }
    command.addOption(new Option(`${flag} [value]`).hideHelp().argParser(refuse).preset(''))
    command.on(`option:${flag.slice(2)}`, refuse)
  }
  return command
}

/** What commander has parsed, with the rules that take more than one flag. */
export function checkRunOptions(parsed: Partial<RunOptions>): RunOptions {
  const words = (parsed.tasks ?? []).flatMap((word) => word.split(',')).map((word) => word.trim())
  const options: RunOptions = {
    model: parsed.model!,
    model_args: parsed.model_args ?? new Map(),
    tasks: words.filter((word) => word !== ''),
    num_fewshot: parsed.num_fewshot ?? null,
    batch_size: parsed.batch_size!,
    device: parsed.device ?? null,
    output_path: parsed.output_path ?? null,
    limit: parsed.limit ?? null,
    log_samples: parsed.log_samples ?? false,
    samples: parsed.samples ?? null,
    system_instruction: parsed.system_instruction ?? null,
    apply_chat_template: parsed.apply_chat_template ?? false,
    fewshot_as_multiturn: parsed.fewshot_as_multiturn ?? null,
    include_path: parsed.include_path ?? null,
    seed: parsed.seed!,
    allow_inert_rows: parsed.allow_inert_rows ?? false,
  }
  if (options.tasks.length === 0) throw new InputError('--tasks is missing; "saeval ls tasks" lists what there is')
  if (options.log_samples && options.output_path === null) throw new InputError('--log_samples needs --output_path')
  if (options.limit !== null && options.samples !== null)
    throw new InputError('--limit and --samples cannot stand together')
  if (options.fewshot_as_multiturn === true && !options.apply_chat_template)
    throw new InputError('--fewshot_as_multiturn needs --apply_chat_template')
  return options
}

/** Lets commander name the flag in front of a message. */
function parser<Value>(parse: (text: string) => Value): (text: string) => Value {
  return (text) => {
    try {
      return parse(text)
    } catch (cause) {
      if (cause instanceof RangeError) throw new InvalidArgumentError(cause.message)
      throw cause
    }
  }
}

function wholeNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  throw new RangeError('Expected a whole number from 0.')
}

function limit(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value > 0 && (value < 1 || Number.isInteger(value))) return value
  throw new RangeError('Expected a positive whole number, or a fraction between 0 and 1.')
}

function truth(text: string): boolean {
  if (/^(true|1|yes)$/i.test(text)) return true
  if (/^(false|0|no)$/i.test(text)) return false
  throw new RangeError('Expected true or false.')
}

/** "7" or "0,1234,1234,1234"; None leaves one out. */
export function seeds(text: string): Seeds {
  const values = text.split(',').map((part) => {
    const word = part.trim().toLowerCase()
    if (word === 'none') return null
    if (/^-?\d+$/.test(word)) return Number(word)
    throw new RangeError('Expected whole numbers or None, separated by commas.')
  })
  const defaults = defaultSeeds.split(',').map(Number)
  if (values.length !== 1 && values.length !== 3 && values.length !== 4)
    throw new RangeError('Expected 1, 3 or 4 numbers.')
  const [random, numpy, torch, fewshot] =
    values.length === 1 ? defaults.map(() => values[0]!) : [...values, ...defaults.slice(values.length)]
  return { random: random!, numpy: numpy!, torch: torch!, fewshot: fewshot! }
}

function samples(text: string): ReadonlyMap<string, readonly number[]> {
  const json = text.trimStart().startsWith('{') ? text : readSamplesFile(text)
  let value: unknown
  try {
    value = parseJson(json)
  } catch {
    throw new RangeError('Expected JSON like {"mmlu_anatomy": [0, 3]}, or a file that holds it.')
  }
  const entries = value instanceof Map ? [...(value as PyDict)] : []
  const fits =
    entries.length > 0 &&
    entries.every(([, list]) => Array.isArray(list) && list.length > 0 && list.every((item) => Number.isInteger(item)))
  if (!fits) throw new RangeError('Expected lists of document numbers by task, like {"mmlu_anatomy": [0, 3]}.')
  return new Map(entries as [string, number[]][])
}

function readSamplesFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    throw new RangeError(`There is no file ${path}, and it is not JSON.`)
  }
}
