import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { InputError, option, sentence } from '@saeval/hub'
import { type ModelFactory, readArguments } from '@saeval/language-model'
import { fromPlain, type PyDict } from '@saeval/python'
import { baseModelRepository } from '@saeval/sae-core'
import { computes, dtypes, isCompute, isDtype } from '../weights/precision.js'
import { loadModel } from './load-model.js'

/** What `--model hf` takes in --model_args, as in lm_eval. */
export const hfArguments = {
  pretrained: 'string',
  revision: 'string',
  peft: 'string',
  delta: 'string',
  tokenizer: 'string',
  onnx_file: 'string',
  dtype: 'string',
  compute: 'string',
  max_length: 'count',
  add_bos_token: 'boolean',
  prefix_token_id: 'count',
  enable_thinking: 'boolean',
  think_end_token: 'words',
  chat_template_args: 'object',
  trust_remote_code: 'boolean',
  threads: 'count',
} as const

/** `--model hf --model_args pretrained=…`: a language model as it is, in a folder or behind a name of Hugging Face or TransformerLens. */
export const hf: ModelFactory = async (given, context) => {
  const args = readArguments('hf', given, hfArguments)
  const name = args.pretrained
  if (name === undefined)
    throw new InputError(
      sentence`${option('model')} hf needs ${option('modelArgs')} pretrained=…, a Hugging Face model or a folder`,
    )
  if (args.trust_remote_code)
    throw new InputError(
      sentence`${option('modelArgs')}: trust_remote_code cannot be used: saeval runs no code from model repositories`,
    )
  if (args.dtype !== undefined && !isDtype(args.dtype))
    throw new InputError(sentence`${option('modelArgs')}: dtype=${args.dtype}: expected ${dtypes.join(', ')}`)
  if (args.compute !== undefined && !isCompute(args.compute))
    throw new InputError(sentence`${option('modelArgs')}: compute=${args.compute}: expected ${computes.join(', ')}`)
  if (args.delta !== undefined)
    throw new InputError(
      sentence`${option('modelArgs')}: delta cannot be used: add the delta weights to the model and save it (transformers: save_pretrained), then give that`,
    )
  return loadModel({
    model: isFolder(name) ? name : baseModelRepository(name),
    batchSize: parseBatchSize(context.batchSize),
    maxBatchSize: context.maxBatchSize ?? undefined,
    hub: context.hub,
    notice: context.notice,
    withoutDownload: context.withoutDownload ?? false,
    standIn: context.standIn ?? false,
    device: context.device ?? undefined,
    gpuMemory: context.gpuMemory ?? undefined,
    revision: args.revision,
    adapter: args.peft,
    onnxFile: args.onnx_file,
    dtype: args.dtype,
    compute: args.compute,
    tokenizer: args.tokenizer,
    maxLength: args.max_length,
    addBosToken: args.add_bos_token,
    prefixTokenId: args.prefix_token_id,
    enableThinking: args.enable_thinking,
    thinkEndToken: args.think_end_token === undefined ? undefined : thinkEnd(args.think_end_token),
    chatTemplateArgs:
      args.chat_template_args === undefined ? undefined : (fromPlain(args.chat_template_args) as PyDict),
    threads: args.threads,
  })
}

/** Whether a name is a folder's: it holds a model, or an adapter that names one. */
function isFolder(name: string): boolean {
  return ['config.json', 'adapter_config.json'].some((file) => existsSync(join(name, file)))
}

/** Digits are a token id, as in lm_eval. */
function thinkEnd(value: string | number): string | number {
  if (typeof value === 'string') return /^\d+$/.test(value) ? Number(value) : value
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new InputError(sentence`${option('modelArgs')}: think_end_token=${value}: expected a text or a token id`)
}

function parseBatchSize(text: string): number | 'auto' {
  // auto:N is lm_eval's for measuring anew N times; here the size follows from the lengths and is not measured
  if (/^auto(:\d+)?$/.test(text)) return 'auto'
  if (/^[1-9]\d*$/.test(text)) return Number(text)
  throw new InputError(sentence`${option('batchSize')} ${text}: expected a positive whole number, auto or auto:N`)
}
