import type { PyDict } from '@saeval/python/internal/values/value'
import type { Command } from 'commander'
import { addDeviceOptions, type DeviceFlags } from '../options/device-options.js'
import { parseNumberList } from '../options/number-list.js'
import { pairs, parser } from '../options/parse-option.js'
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
  readonly pairs: string
  readonly layers?: string
  readonly position: number | 'mean'
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

function position(text: string): number | 'mean' {
  if (text === 'mean') return text
  if (/^-?\d+$/.test(text)) return Number(text)
  throw new RangeError('Expected a token, from 0 or negative from the end, or mean.')
}

function addWriteFlags(command: Command, modelTypeHelp: string): Command {
  return command
    .option('--to <format>', 'format of the output, where its name does not say it: vllm-lens or EasySteer for .json')
    .option('--model_type <name>', modelTypeHelp)
}

const layersHelp = (what: string) => `${what}, from 0: 12, or "3 10:20" (half-open)`

/** Declares `saeval vectors convert`. */
export function addConvertFlags(command: Command): Command {
  command
    .description('write steering vectors of any format in another one that can hold them')
    .argument('<input>', 'what --model steered takes as steer_path')
    .argument('<output>', 'a .safetensors, .npy, .gguf or .json file')
    .option('--layers <list>', layersHelp('layers to take; where an array says none, where it acts'))
    .option('--scale <factor>', 'times what the input adds', parser(finite), 1)
  return addWriteFlags(command, 'model_type of the model, which a .gguf file tells (default: what the input says)')
}

/** Declares `saeval vectors caa`. */
export function addCaaFlags(command: Command): Command {
  command
    .description('make vectors of pairs of texts: the mean difference of their activations at each layer')
    .argument('<output>', 'a .gguf, .safetensors or .json file, of one layer also .npy')
    .requiredOption('-a, --model_args <args...>', 'the model that reads them: pretrained=…', pairs('--model_args'))
    .requiredOption(
      '--pairs <file>',
      'a .csv with columns positive and negative, or .jsonl of these or of model-written evaluations (question, answer_matching_behavior, answer_not_matching_behavior)',
    )
    .option('--layers <list>', layersHelp('layers whose outputs are read (default: all)'))
    .option(
      '--position <token>',
      'the token that is read, -1 the last; or mean, over all but BOS',
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
    .argument('<output>', 'a .safetensors, .npy, .gguf or .json file')
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
