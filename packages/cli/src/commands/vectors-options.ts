import type { PyDict } from '@saeval/python/internal/values/value'
import type { ReadPosition } from '@saeval/steering/internal/making/read-position'
import type { Command } from 'commander'
import { addDeviceOptions, type DeviceFlags } from '../options/device-options.js'
import { parseNumberList } from '../options/number-list.js'
import { folders, limit, pairs, parser } from '../options/parse-option.js'
import type { VerbosityOptions } from '../terminal/verbosity.js'

/** Flags of all commands that write vectors. */
interface WriteFlags extends VerbosityOptions {
  readonly to?: string
  readonly model_type?: string
  readonly json?: boolean
}

export interface ConvertFlags extends WriteFlags {
  readonly layers?: string
  readonly scale: number
}

export interface CaaFlags extends WriteFlags, DeviceFlags {
  readonly model_args: PyDict
  readonly pairs?: string
  readonly task?: readonly string[]
  readonly include_path?: readonly string[]
  readonly limit?: number
  readonly layers?: string
  readonly position: ReadPosition
}

export interface FromSaeFlags extends WriteFlags {
  readonly sae_release: string
  readonly sae_id?: string
  readonly latents: readonly number[]
  readonly weights?: readonly number[]
}

/** A finite number. */
function finite(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (Number.isFinite(value)) return value
  throw new RangeError('Expected a number.')
}

function position(text: string): ReadPosition {
  if (text === 'mean' || text === 'answer' || text === 'letter') return text
  if (/^-?\d+$/.test(text)) return Number(text)
  throw new RangeError('Expected a token, from 0 or negative from the end, mean, answer or letter.')
}

function addWriteFlags(command: Command, modelTypeHelp: string): Command {
  return command
    .option(
      '--to <format>',
      'format of the output, where its name does not say it: vllm-lens, EasySteer or Neuronpedia for .json, pyreft for a folder',
    )
    .option('--model_type <name>', modelTypeHelp)
}

const layersHelp = (what: string) => `${what}, from 0: 12, or "3 10:20" (half-open)`

/** Declares `saeval vectors convert`. */
export function addConvertFlags(command: Command): Command {
  command
    .description('write steering vectors of any format in another one that can hold them')
    .argument('<input>', 'what --model steered takes as steer_path, or a steering CSV whose rows read no latent')
    .argument('<output>', 'a .safetensors, .npy, .gguf, .pt, .csv or .json file, or a folder of pyreft')
    .option('--layers <list>', layersHelp('layers to take; where an array says none, where it acts'))
    .option('--scale <factor>', 'times what the input adds', parser(finite), 1)
  return addWriteFlags(command, 'model_type of the model, which a .gguf file tells (default: what the input says)')
}

/** Declares `saeval vectors caa`. */
export function addCaaFlags(command: Command): Command {
  command
    .description(
      'make vectors of pairs of texts or of answers to tasks: the mean difference of their activations at each layer',
    )
    .argument('<output>', 'a .gguf, .safetensors, .pt or .json file or a folder of pyreft, of one layer also .npy')
    .requiredOption('-a, --model_args <args...>', 'the model that reads them: pretrained=…', pairs('--model_args'))
    .option(
      '--pairs <file>',
      'a .csv with columns positive and negative, or .jsonl of these or of model-written evaluations (question, answer_matching_behavior, answer_not_matching_behavior)',
    )
    .option(
      '-t, --task <names...>',
      'instead of pairs: tasks of multiple choice, each right answer beside each wrong one (persona_agreeableness), without few-shot examples',
    )
    .option('--include_path <folders...>', 'more task files', folders)
    .option('-L, --limit <n>', 'documents per task: a number, or a fraction below 1', parser(limit))
    .option('--layers <list>', layersHelp('layers whose outputs are read (default: all)'))
    .option(
      '--position <token>',
      'the token that is read, -1 the last; mean, over all but BOS; answer, the mean over its tokens; or letter, the first of them with a letter or digit',
      parser(position),
      -1,
    )
    .option('--json', 'print norms and cosines as JSON')
  return addWriteFlags(addDeviceOptions(command), 'model_type that a .gguf file tells (default: of the model)')
}

/** Declares `saeval vectors from-sae`. */
export function addFromSaeFlags(command: Command): Command {
  command
    .description("make a vector of an SAE's decoder rows: one, or several with weights")
    .argument('<output>', 'a .safetensors, .npy, .gguf, .pt, .csv or .json file, or a folder of pyreft')
    .requiredOption('--sae_release <name>', 'release of the SAE, a repository or a folder')
    .option('--sae_id <name>', 'which SAE of the release')
    .requiredOption('--latents <list>', 'latents whose rows are added: 7,12', (text: string) =>
      parseNumberList('--latents', text),
    )
    .option('--weights <list>', 'a factor for each latent (default: 1)', (text: string) =>
      text.split(',').map((part) => finiteOf(part)),
    )
    .option('--json', 'print norms and cosines as JSON')
  return addWriteFlags(command, 'model_type of the model, which a .gguf file tells')
}

function finiteOf(text: string): number {
  return parser(finite)(text)
}
